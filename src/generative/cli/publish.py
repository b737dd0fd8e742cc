"""`generative publish`: MLflow agrees with the results."""


def publish() -> None:
    """Make MLflow hold a run for every trained model, now."""
    from generative.tracking import publish

    for stage, done in publish.publish():
        print(f"{stage}: {done}")
