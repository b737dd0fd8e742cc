"""`generative publish`: MLflow agrees with the results."""


def publish() -> None:
    """Make MLflow hold a run for every trained model, now."""
    from generative.core import params
    from generative.tracking import publish

    for stage, done in publish.publish(params.raw(publish.SECTIONS)):
        print(f"{stage}: {done}")
