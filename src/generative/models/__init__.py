"""The models. A key is a file name here, a block of `params.yaml` and a folder of `data/`."""

MODELS = {
    "acgan": "generative.models.acgan:ACGAN",
    "cgan": "generative.models.cgan:CGAN",
    "char_conv": "generative.models.char_conv:CharConv",
    "char_lstm": "generative.models.char_lstm:CharLSTM",
    "char_transformer": "generative.models.char_transformer:CharTransformer",
    "colour_gan": "generative.models.colour_gan:ColourGAN",
    "cvae": "generative.models.cvae:CVAE",
    "dcgan": "generative.models.dcgan:DCGAN",
    "gan": "generative.models.gan:GAN",
    "infogan": "generative.models.infogan:InfoGAN",
    "stackedgan": "generative.models.stackedgan:StackedGAN",
    "vae": "generative.models.vae:VAE",
}
