"""How classifiers are measured and drawn."""

from generative.core.params import Count, Schema


class EvaluateClassifiers(Schema):
    """How classifiers are measured."""

    bins: Count


class RenderClassifiers(Schema):
    """What the pictures of a classifier show."""

    mistakes: Count
    columns: Count
