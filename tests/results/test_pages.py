"""What is written of records, in folders of their own and in the project."""

from pathlib import Path

import pytest
import yaml

from generative.core.errors import BadInput
from generative.results import pages, records
from tests.support.results import HERE, THERE, record

PROJECT = Path(__file__).resolve().parents[2]
RECORDS = [
    record(1, numbers={"test/elbo_nats": -150.0}),
    record(2, numbers={"test/elbo_nats": -149.0, "test/nll_exact_nats": 140.25}),
    record(1, THERE, numbers={"test/elbo_nats": -151.0}),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "Above\n<!-- results: bounds -->\nold\n<!-- end -->\nbelow\n"
    )
    (tmp_path / "docs" / "none.md").write_text("no table\n")
    (tmp_path / "results").mkdir()
    return tmp_path


def test_pages_medians_and_documents(project: Path) -> None:
    folder = project / "results"
    expected = {folder / "cvae.md", folder / "medians.yaml", project / "README.md"}
    assert set(pages.outdated(RECORDS, folder, project)) == expected
    assert set(pages.write(RECORDS, folder, project)) == expected
    assert pages.outdated(RECORDS, folder, project) == pages.write(RECORDS, folder, project) == []
    readme = (project / "README.md").read_text()
    assert (
        "\n| `cvae` | -150.00 (-151.00 to -149.00) |  | 140.25 |\n\n<!-- end -->\nbelow" in readme
    )
    assert "old" not in readme
    medians = yaml.safe_load((folder / "medians.yaml").read_text())
    assert medians == {"cvae": {"test/elbo_nats": -150.0, "test/nll_exact_nats": 140.25}}


def test_a_page_has_every_seed_by_machine() -> None:
    page = pages.page("cvae", RECORDS)
    here, there = page.split("Profile default; ")[1:]
    assert f"processor {HERE['processor']}" in here
    assert "| test/elbo_nats | -150 | -149 | -149.5 (-150 to -149) |" in here
    assert "| test/nll_exact_nats |  | 140.2 | 140.2 |" in here
    assert "| metric | seed 1 | median (range) |" in there


def test_a_marker_of_no_table(project: Path) -> None:
    (project / "docs" / "none.md").write_text("<!-- results: bound -->\n<!-- end -->\n")
    with pytest.raises(BadInput, match=r"none.md: unknown table 'bound'; did you mean bounds\?"):
        pages.write(RECORDS, project / "results", project)
    assert "old" in (project / "README.md").read_text()


def test_what_is_committed_is_made_of_the_records() -> None:
    folder = PROJECT / records.FOLDER
    stale = pages.outdated(records.read(folder), folder.parent, PROJECT)
    assert not stale, "run generative results write"
