import random

from generative.datasets.readers.stories import generate, read
from tests.support.data import STORY_WORDS


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
    words = read(STORY_WORDS)
    generator = random.Random(1)
    for number in range(200):
        facts = 1 + number % 2
        generated = generate(words, facts, 6, generator)
        lines = generated.story
        for person in words["people"]:
            lines = lines.replace(f" {person} ", f"\n{person} ")
        assert answer(lines, generated.question, words) == generated.answer, generated
        assert (generated.question.split()[-1] in words["things"]) == (facts == 2)
