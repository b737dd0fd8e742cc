"""How graphs of several inputs or outputs are measured and shown."""

from generative.params import Block, Count, Seed


class EvaluateGraphs(Block):
    """The bootstrap behind each interval: so many samples, drawn with `seed`."""

    seed: Seed
    resamples: Count


class RenderGraphs(Block):
    """How many test examples the page shows, and in how many columns where they are pictures."""

    examples: Count
    columns: Count
