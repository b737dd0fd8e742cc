"""The models. A key is a file name here, a block of `params.yaml` and a folder of `data/`."""

MODELS = {
    "cvae": "generative.models.cvae:CVAE",
    "vae": "generative.models.vae:VAE",
}
