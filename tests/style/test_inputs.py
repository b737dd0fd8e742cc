from pathlib import Path

import pytest

from generative.core.errors import BadInput
from generative.style import inputs, memory
from generative.style.schema import Style
from tests.support.style import make_options, waves


@pytest.fixture
def options(tmp_path: Path, network_folder: Path) -> Style:
    waves(48, 64, seed=1).save(tmp_path / "content.png")
    styles = tmp_path / "styles"
    styles.mkdir()
    for seed in (2, 3):
        waves(50, 40, seed).save(styles / f"{seed}.png")
    return make_options(
        content=str(tmp_path / "content.png"),
        style=str(styles),
        network=str(network_folder),
        blend={"3.png": 2.5},
    )


def test_pictures_and_network_are_read(options: Style) -> None:
    transfer = inputs.load(options, "float32", "--size")
    content, *styles = transfer.sources
    assert content.tobytes() == waves(48, 64, seed=1).tobytes()
    assert [style.tobytes() for style in styles] == [waves(50, 40, n).tobytes() for n in (2, 3)]
    assert transfer.shares == [1.0, 2.5]
    assert transfer.network.name == "vgg16"
    assert transfer.network.output["block1_conv1"].dtype == "float32"
    network = inputs.load(options, "bfloat16", "--size").network
    assert network.output["block1_conv1"].dtype == "bfloat16"


def test_a_size_that_does_not_fit_is_refused(
    options: Style, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 2**20)
    with pytest.raises(BadInput, match="style.cat.scales: 40 x 32 pixels need about 1.1 GiB"):
        inputs.load(options, "float32", "style.cat.scales")
