"""The data sets. A key is a file name here, a block of `params.yaml` and a folder of `data/`."""

DATASETS = {
    "coloured_digits": "generative.datasets.coloured_digits",
    "lines": "generative.datasets.lines",
    "mnist": "generative.datasets.mnist",
    "passages": "generative.datasets.passages",
    "pictures": "generative.datasets.pictures",
    "shakespeare": "generative.datasets.shakespeare",
    "stories": "generative.datasets.stories",
    "views": "generative.datasets.views",
}
