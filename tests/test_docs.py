"""What the documents name is there, and their scripts are read without an error."""

import re
import subprocess
from pathlib import Path

import pytest

PAGES = [Path("README.md"), *sorted(Path("docs").glob("*.md"))]


@pytest.mark.parametrize("script", sorted(Path("docs").glob("*.sh")), ids=lambda file: file.name)
def test_scripts_are_read(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda file: file.name)
def test_files_and_tests_that_a_page_names_are_there(page: Path) -> None:
    text = page.read_text()
    named = {*re.findall(r"\]\(([\w./-]+)\)", text), *re.findall(r"\bdocs/[\w.-]+\.\w+", text)}
    named |= set(re.findall(r"\b(?:tests|benchmarks)/[\w/.-]+\.py", text))
    missing = [n for n in sorted(named) if not (page.parent / n).exists() and not Path(n).exists()]
    assert missing == []
