"""The data sets. A key is a file name here, a block of `params.yaml` and a folder of `data/`."""

DATASETS = {
    "coloured_digits": "generative.datasets.coloured_digits",
    "mnist": "generative.datasets.mnist",
    "pictures": "generative.datasets.pictures",
    "shakespeare": "generative.datasets.shakespeare",
}
