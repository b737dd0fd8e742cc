"""`generative publish`: MLflow agrees with the results."""


def publish() -> None:
    """Make MLflow hold a run for every trained model, now."""
    from generative.tracking.publish import publish

    for key, done in publish().items():
        print(f"{key}: {done}")
