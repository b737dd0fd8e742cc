"""The data sets. A key is a file name here, a block of `params.yaml` and a folder of `data/`."""

DATASETS = {
    "mnist": "generative.datasets.mnist",
}
