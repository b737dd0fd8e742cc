"""How graphs of several inputs or outputs are measured and shown."""

from generative.core.params import Schema
from generative.core.params import Count
from generative.core.params import Seed


class EvaluateGraphs(Schema):
    """The bootstrap behind each interval: so many samples, drawn with `seed`."""

    seed: Seed
    resamples: Count


class RenderGraphs(Schema):
    """How many test examples the page shows, and in how many columns where they are pictures."""

    examples: Count
    columns: Count
