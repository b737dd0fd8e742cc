"""The section `train.<key>`; that its mistakes are told shows tests/pipeline/test_check.py."""

import json
from pathlib import Path

import yaml

from generative.core import params
from generative.training.schema import Train


def test_the_order_in_the_file_is_in_no_result(tmp_path: Path) -> None:
    document = yaml.safe_load(params.PATH.read_text())
    section = document["train"]["cvae"]
    section["model"] = dict(reversed(section["model"].items()))
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    one, other = (params.read("train.cvae", Train, path) for path in (params.PATH, file))
    assert json.dumps(one.written()) == json.dumps(other.written())
