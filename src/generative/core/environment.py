"""What TensorFlow reads from the environment when it is imported. Import this module before it."""

import os

# Warnings and errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
