"""The data sets. A key is also a file name here, a block of `params.yaml` and a folder of `data/`."""

DATASETS = {
    "mnist": "generative.datasets.mnist",
}
