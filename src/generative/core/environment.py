"""What TensorFlow reads from the environment when it is imported. Import this module before it."""

import os

# On in every processor: by default TensorFlow leaves it off where AVX-512 VNNI is missing.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Warnings and errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
