"""Stories of people who walk about and carry things, each with a question whose answer is a place
(after the tasks of Weston et al., 2015, arXiv:1502.05698).

"Where is Mary?" needs one fact of the story, where Mary went last; "where is the milk?" two, who
had it last and where that was.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from generative.core import inputs
from generative.core.errors import BadInput, shown

# Stories that are tried for one in which somebody takes a thing.
ATTEMPTS = 1000
KINDS = ("people", "places", "things", "moves", "takes", "drops")


@dataclass(frozen=True)
class Story:
    """A story, a question and its answer, in lower case and without punctuation; how many facts
    of the story the answer needs."""

    story: str
    question: str
    answer: str
    facts: int


def read(file: Path) -> dict[str, list[str]]:
    """The words of each of the `KINDS`.

    Raises `BadInput` for a file that lacks a kind, or has too few of it for a question.
    """
    words = inputs.yaml(file)
    for kind in KINDS:
        own = words.get(kind) if isinstance(words, dict) else None
        least = 2 if kind in ("people", "places") else 1
        if not isinstance(own, list) or len({str(word) for word in own}) < least:
            raise BadInput(
                f"{file}: {kind} must be a list of {least} or more, received {shown(own)}"
            )
    return {kind: [str(word).lower() for word in words[kind]] for kind in KINDS}


def generate(
    words: dict[str, list[str]], facts: int, sentences: int, generator: random.Random
) -> Story:
    """A new story of 2 to `sentences` sentences; with one of `facts` nobody carries things, with
    two somebody does. Raises `BadInput` if that does not happen in a thousand stories."""
    for _ in range(ATTEMPTS):
        found = attempt(words, facts, sentences, generator)
        if found:
            return found
    raise BadInput(
        f"none of {ATTEMPTS:,} stories of {len(words['people']):,} people in up to {sentences} "
        "sentences has somebody who takes a thing; raise sentences or list fewer people"
    )


def attempt(
    words: dict[str, list[str]], facts: int, sentences: int, generator: random.Random
) -> Story | None:
    """A story; None if there is nothing in it that could be asked for."""
    choose = generator.choice
    places: dict[str, str] = {}  # where people are
    held: dict[str, str] = {}  # things, and who has them
    left: dict[str, str] = {}  # things that nobody has any more, and where they are
    lines = []
    for _ in range(generator.randint(2, sentences)):
        person = choose(words["people"])
        own = [thing for thing, holder in held.items() if holder == person]
        near = [
            thing
            for thing in words["things"]
            if thing not in held and left.get(thing, places.get(person)) == places.get(person)
        ]
        if facts == 1 or person not in places or generator.random() < 0.5 or not (own or near):
            places[person] = choose(words["places"])
            lines.append(f"{person} {choose(words['moves'])} the {places[person]}")
        elif own:
            del held[own[0]]
            left[own[0]] = places[person]
            lines.append(f"{person} {choose(words['drops'])} the {own[0]}")
        else:
            thing = choose(near)
            left.pop(thing, None)
            held[thing] = person
            lines.append(f"{person} {choose(words['takes'])} the {thing}")
    known = places
    if facts == 2:
        known = {thing: places[holder] for thing, holder in held.items()} | left
        if not known:
            return None
    subject = choose(list(known))
    question = f"where is {'the ' if facts == 2 else ''}{subject}"
    return Story(" ".join(lines), question, known[subject], facts)
