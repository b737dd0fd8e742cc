import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.datasets.readers.pickled import read_arrays
from tests.support.data import write_raw_alexnet


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_raw_alexnet(tmp_path)
    return tmp_path / "alexnet.ckpt"


def test_nested_arrays_are_read(file: Path) -> None:
    tree = read_arrays(file)
    kernel = tree["AlexNet_0"]["Conv_0"]["kernel"]
    assert kernel.shape[:3] == (11, 11, 3)
    assert kernel.dtype == np.float32
    expected = pickle.loads(file.read_bytes())["AlexNet_0"]["Conv_0"]["kernel"]
    np.testing.assert_array_equal(kernel, expected)


class Malicious:
    """Unpickled by anyone else, it makes a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return os.system, (f"touch '{self.trace}'",)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_program_in_a_pickle_does_not_run(tmp_path: Path, protocol: int) -> None:
    file, trace = tmp_path / "bad.ckpt", tmp_path / "trace"
    file.write_bytes(pickle.dumps({"kernel": Malicious(trace)}, protocol))
    with pytest.raises(
        BadInput, match=r"bad.ckpt: asks for (posix|nt).system, .*refused"
    ) as refused:
        read_arrays(file)
    assert "\n" not in str(refused.value)
    assert not trace.exists()
    pickle.loads(file.read_bytes())
    assert trace.exists(), "the pickle was harmless: the test says nothing"


@pytest.mark.parametrize("name", ["builtins eval", "numpy load", "numpy.core.multiarray scalar"])
def test_other_names_of_the_same_modules_are_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "bad.ckpt"
    file.write_bytes(b"c" + name.replace(" ", "\n").encode() + b"\n.")
    with pytest.raises(BadInput, match=f"asks for {name.replace(' ', '.')}, "):
        read_arrays(file)


def doubled(times: int) -> bytes:
    """A dict that names another twice, which names another twice, ..."""
    tree: dict[str, Any] = {}
    for _ in range(times):
        tree = {"a": tree, "b": tree}
    return pickle.dumps(tree)


def nested(levels: int) -> bytes:
    """Dicts in dicts, whose one key is long and written once."""
    tree, key = {"a": 1.0}, "x" * 900
    for _ in range(levels):
        tree = {key: tree}  # type: ignore[dict-item]
    return pickle.dumps(tree)


def loop() -> dict[str, Any]:
    tree: dict[str, Any] = {}
    tree["itself"] = tree
    return tree


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is not a whole pickle \("),
        (b"<html>not found</html>", r"is not a whole pickle \("),
        (pickle.dumps(loop()), r": .*\.\.\. is nested too deeply"),
        # What other programs were stopped by: memory, time, and a place far away.
        (
            b"}S'a'\ncnumpy\nndarray\n((I800000000\ntS'f4'\ntRs.",
            r": it asks for an array and gives no numbers",
        ),
        (doubled(30), r": it has more than 10,000 entries"),
        (b"}" + b"}0" * 100_000 + b".", r": it has more than 100,000 instructions"),
        (nested(99), r": .*\.\.\. is nested too deeply"),
        (b"\x80\x03}r\xff\xff\xff\x7f.", r": it numbers a place 2147483647"),
        (pickle.dumps([1.0]), r": it is list, not a dict of arrays"),
        (pickle.dumps({"a": {"b": 1.0}}), r": 'a'\['b'\] is float, not a dict of arrays"),
        (pickle.dumps({1: {}}), r": it is dict, not a dict of arrays"),
    ],
)
def test_what_is_no_pickle_of_arrays_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "bad.ckpt"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=f"bad.ckpt.*{message}") as refused:
        read_arrays(file)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_a_truncated_pickle_is_refused(file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(BadInput, match=r"alexnet.ckpt is not a whole pickle \(.*; fetch it again"):
        read_arrays(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none.ckpt is missing; run dvc repro"):
        read_arrays(tmp_path / "none.ckpt")


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    write_raw_alexnet(tmp_path, bias=np.nan)
    with pytest.raises(BadInput, match="an array holds numbers that are not finite"):
        read_arrays(tmp_path / "alexnet.ckpt")
