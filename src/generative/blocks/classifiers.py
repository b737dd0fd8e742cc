"""How classifiers are measured and drawn."""

from generative.params import Block, Count


class EvaluateClassifiers(Block):
    """How classifiers are measured."""

    bins: Count


class RenderClassifiers(Block):
    """What the pictures of a classifier show."""

    mistakes: Count
    columns: Count
