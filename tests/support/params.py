"""Parameters changed as a user would change them."""

from pathlib import Path

import yaml

from generative.core import params


def set_parameter(file: Path, name: str, value: object) -> None:
    """Write one parameter of `file`, a params.yaml, by its dotted name."""
    document = inside = params.read_document(file)
    *outer, last = name.split(".")
    for part in outer:
        inside = inside[part]
    inside[last] = value
    file.write_text(yaml.safe_dump(document, sort_keys=False))
