from generative.core import environment  # noqa: F401  # before Keras and TensorFlow
