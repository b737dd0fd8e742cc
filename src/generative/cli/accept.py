"""`generative accept`: results that a change of words left as they are."""


def accept() -> None:
    """Keep the results of stages whose code changed in comments, docstrings and layout alone."""
    from generative.pipeline import plan
    from generative.pipeline.accept import accept

    accepted, rest = accept()
    for name in accepted:
        print(f"accepted: {name}")
    print(plan.describe(rest) if rest else "Every result is up to date.")
