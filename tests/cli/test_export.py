"""A trained model as a file of Keras' own."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from generative.cli import export
from generative.core import members, params, saving
from generative.core.errors import BadInput

PROGRAM = """
import sys
import keras
import numpy as np
network = keras.saving.load_model(sys.argv[1])
np.save(sys.argv[2], network(np.linspace(-1, 1, 2 * network.input_shape[1]).reshape(2, -1)))
assert not any(name.startswith("generative") for name in sys.modules)
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two untrained models."""
    folder = tmp_path_factory.mktemp("models")
    for key in ("cvae", "infogan"):
        block = params.sections("train")[key]
        keras.utils.set_random_seed(1)
        card = saving.Description(block["network"], block["model"], "mnist", {})
        saving.save(members.network(card.network)(**card.arguments), card, folder / key)
    return folder


@pytest.mark.parametrize("key", ["cvae", "infogan"])
def test_the_file_needs_keras_alone(key: str, models: Path, tmp_path: Path) -> None:
    file, found = tmp_path / "generator.keras", tmp_path / "images.npy"
    said = export.write(key, file, False, models)
    network = saving.load(models / key).inference_model()
    assert said == f"(-1, {network.input_shape[1]}) to (-1, 28, 28, 1)"
    subprocess.run([sys.executable, "-I", "-c", PROGRAM, file, found], check=True)
    latents = np.linspace(-1, 1, 2 * network.input_shape[1]).reshape(2, -1)
    np.testing.assert_allclose(np.load(found), network(latents), atol=1e-6)


def test_nothing_of_the_users_is_replaced(models: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.keras"
    file.write_text("mine")
    with pytest.raises(BadInput, match=r"mine.keras exists; choose another name or add --force"):
        export.write("cvae", file, False, models)
    assert file.read_text() == "mine"
    export.write("cvae", file, True, models)
    keras.saving.load_model(file)
    with pytest.raises(BadInput, match=r"--out: received model.h5, must end in .keras"):
        export.write("cvae", Path("model.h5"), False, models)
    with pytest.raises(BadInput, match="unknown trained model 'vae'.* did you mean cvae"):
        export.write("vae", tmp_path / "new.keras", False, models)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.keras"]
