"""What a study trains: by what groups, and which stages."""

from typing import Any

from generative.core import params
from generative.results import study

DOCUMENT: dict[str, Any] = {
    "train": {"cvae": {}, "residual": {}, "sharp": {}, "infogan": {}},
    "judge": {"mnist": {"members": ["residual"], "features": "sharp"}},
    "generators": {"cvae": {}, "infogan": {}},
    "disentanglement": {"infogan": {}},
}


def test_the_judge_keeps_its_seeds_while_others_change() -> None:
    models = ["residual", "cvae", "sharp", "infogan"]
    assert study.apart(models, DOCUMENT) == [["cvae", "infogan"], ["residual", "sharp"]]
    assert study.apart(["residual"], DOCUMENT) == [["residual"]]
    assert study.apart(["cvae"], {"train": {"cvae": {}}}) == [["cvae"]]


def test_all_that_measures_a_model_runs() -> None:
    assert study.stages(["infogan", "residual"], DOCUMENT) == [
        *("train@infogan", "evaluate@infogan", "train@residual", "evaluate@residual"),
        *("image_quality@infogan", "disentanglement@infogan"),
    ]


def test_the_committed_study_has_seeds_enough_for_a_range() -> None:
    options = params.read("study", study.Study)
    assert len(options.seeds) >= 5
