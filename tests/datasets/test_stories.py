from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.datasets import stories
from tests.support.data import STORY_WORDS

OPTIONS: dict[str, Any] = {
    "sentences": 5,
    "two_fact_share": 0.5,
    "train_count": 60,
    "validation_count": 20,
    "test_count": 20,
    "seed": 1,
}


def test_no_story_is_in_two_splits() -> None:
    prepared: Any = stories.prepare(STORY_WORDS, **OPTIONS)
    rows = np.concatenate([prepared[f"{s}_story"] for s in ("train", "validation", "test")])
    assert len(rows) == 100 == len(np.unique(rows, axis=0))
    again: Any = stories.prepare(STORY_WORDS, **OPTIONS)
    np.testing.assert_array_equal(prepared["test_story"], again["test_story"])
    other: Any = stories.prepare(STORY_WORDS, **{**OPTIONS, "seed": 2})
    assert not np.array_equal(prepared["test_answer"], other["test_answer"])


def test_load_and_subsets(prepared_stories: Path) -> None:
    inputs, targets = stories.load(prepared_stories, "test")
    facts = stories.facts(prepared_stories)
    assert inputs["story"].shape == (60, facts["story_length"])
    assert inputs["question"].max() <= len(facts["words"])
    assert targets["answer"].max() < len(facts["answers"])
    subsets = stories.subsets(prepared_stories, "test")
    assert (subsets["test_"] ^ subsets["two_fact_"]).all()
    with pytest.raises(BadInput, match="unknown split 'tests'; did you mean test"):
        stories.load(prepared_stories, "tests")


def test_too_few_different_stories(tmp_path: Path) -> None:
    file = tmp_path / "words.yaml"
    kinds = {"people": "[a, b]", "places": "[c, d]", "things": "[e]"}
    kinds |= {"moves": "[went to]", "takes": "[took]", "drops": "[left]"}
    file.write_text("\n".join(f"{kind}: {words}" for kind, words in kinds.items()))
    with pytest.raises(BadInput, match="of 100 stories only 16 are different; raise sentences or"):
        stories.prepare(file, **{**OPTIONS, "sentences": 2, "two_fact_share": 0.0})


def test_words_that_are_missing(tmp_path: Path) -> None:
    file = tmp_path / "words.yaml"
    file.write_text("people: [mary]\n")
    with pytest.raises(BadInput, match=r"people must be a list of 2 or more, received \['mary'\]"):
        stories.prepare(file, **OPTIONS)
