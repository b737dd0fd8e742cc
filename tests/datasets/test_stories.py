import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.datasets import stories
from generative.core.errors import BadInput
from generative.datasets.readers import stories as reading

WORDS = Path("src/generative/datasets/stories.yaml")
OPTIONS: dict[str, Any] = {
    "sentences": 5,
    "two_fact_share": 0.5,
    "train_count": 60,
    "validation_count": 20,
    "test_count": 20,
    "seed": 1,
}


def answer(story: str, question: str, words: dict[str, list[str]]) -> str:
    """The answer, by reading the story."""
    subject = question.split()[-1]
    places: dict[str, str] = {}
    for text in story.replace(" the ", " ").split("\n"):
        person, *_, last = text.split()
        if last in words["places"]:
            places[person] = last
            carried = [thing for thing in words["things"] if places.get(f"by {thing}") == person]
            places |= dict.fromkeys(carried, last)
        elif any(take in text for take in words["takes"]):
            places |= {f"by {last}": person, last: places[person]}
        else:
            places[f"by {last}"] = ""
    return places[subject]


def test_the_answer_follows_from_the_story() -> None:
    words = reading.read(WORDS)
    generator = random.Random(1)
    for number in range(200):
        facts = 1 + number % 2
        told = reading.tell(words, facts, 6, generator)
        people = "|".join(words["people"])
        lines = told.story
        for person in words["people"]:
            lines = lines.replace(f" {person} ", f"\n{person} ")
        assert answer(lines, told.question, words) == told.answer, (told, people)
        assert (told.question.split()[-1] in words["things"]) == (facts == 2)


def test_no_story_is_in_two_splits() -> None:
    prepared: Any = stories.prepare(WORDS, **OPTIONS)
    rows = np.concatenate([prepared[f"{s}_story"] for s in ("train", "validation", "test")])
    assert len(rows) == 100 == len(np.unique(rows, axis=0))
    again: Any = stories.prepare(WORDS, **OPTIONS)
    np.testing.assert_array_equal(prepared["test_story"], again["test_story"])
    other: Any = stories.prepare(WORDS, **{**OPTIONS, "seed": 2})
    assert not np.array_equal(prepared["test_answer"], other["test_answer"])


def test_load_and_parts(prepared_stories: Path) -> None:
    inputs, targets = stories.load(prepared_stories, "test")
    facts = stories.facts(prepared_stories)
    assert inputs["story"].shape == (60, facts["story_length"])
    assert inputs["question"].max() <= len(facts["words"])
    assert targets["answer"].max() < len(facts["answers"])
    parts = stories.parts(prepared_stories, "test")
    assert (parts["test_"] ^ parts["two_fact_"]).all()
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
