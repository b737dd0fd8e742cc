import pytest

from generative.core import members
from generative.core.errors import BadInput


def test_a_path_is_a_class() -> None:
    assert members.network("text/char_lstm").__name__ == "CharLSTM"
    assert members.network("gan/stackedgan").__name__ == "StackedGAN"
    assert members.dataset("mnist").KEY == "mnist"
    assert members.families() == ["classifiers", "gan", "multi_io", "text", "vae"]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("vae/cave", "vae/cvae"),
        ("cvae", "vae/cvae"),
        ("gan/base", "gan/gan"),
        ("gan/evaluate", ""),
        ("../cvae", ""),
        ("vae/", ""),
        ("", ""),
    ],
)
def test_no_network(path: str, near: str) -> None:
    with pytest.raises(BadInput, match="unknown network") as failure:
        members.network(path)
    assert near in str(failure.value)


def test_other_names_that_there_are_none_of() -> None:
    with pytest.raises(BadInput, match="unknown data set 'mnits'; did you mean mnist"):
        members.dataset("mnits")
    with pytest.raises(BadInput, match="unknown family 'gna'; did you mean gan"):
        members.part("gna", "evaluate")
    with pytest.raises(BadInput, match=r"the family gan has no draw\.py"):
        members.part("gan", "draw")
