from pathlib import Path

import pytest

from generative.core.errors import BadInput
from generative.datasets import shakespeare
from generative.datasets.base.dataset import Prepared
from generative.text.evaluate import Evaluate, evaluate, evenly_spaced, table
from generative.text.metrics import CopiedPassage
from tests.support.text import WINDOWS, build

OPTIONS = Evaluate(seed=1, texts=2, characters=40, temperatures=[0.0, 1.0])


@pytest.fixture(scope="module")
def data(prepared_shakespeare: Path) -> Prepared:
    return Prepared("shakespeare", WINDOWS, prepared_shakespeare)


def test_everything_is_measured(data: Prepared, tmp_path: Path) -> None:
    model = build("gru", **data.facts())
    found = evaluate(model, data, OPTIONS, tmp_path)
    texts = ("temperature_0.0", "temperature_1.0", "held_out")
    metrics = ("distinct_4", "word_validity", "repetition", "longest_copied_substring")
    assert set(found) == {
        "bits_per_character",
        "next_character_accuracy",
        "compressed_bits_per_character",
        "parameters",
        "leaks_suspected",
        *(f"{metric}_{t}" for metric in (*metrics, "copied_30gram_share") for t in texts),
    }
    model.compile()
    inputs, targets = data.load("test")
    measured = model.evaluate(inputs, targets, verbose=0, return_dict=True)
    assert found["bits_per_character"] == pytest.approx(measured["bits_per_character"], rel=1e-4)
    assert found["next_character_accuracy"] == pytest.approx(measured["accuracy"], rel=1e-4)
    assert found["parameters"] == model.count_params()
    assert found["leaks_suspected"] == 0
    headings = (tmp_path / "longest_copies.txt").read_text().splitlines()[::2]
    assert [line.partition(":")[0] for line in headings] == [t.replace("_", " ") for t in texts]


def test_a_copying_model_is_named(
    data: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the training text stands for the held-out text, all of its passages are copies."""
    stream = shakespeare.stream(data.folder, "train")
    monkeypatch.setattr(shakespeare, "stream", lambda folder, split: stream)
    found = evaluate(build("gru", **data.facts()), data, OPTIONS, tmp_path)
    assert found["copied_30gram_share_held_out"] == 1
    assert found["leaks_suspected"] == 1
    text = (tmp_path / "longest_copies.txt").read_text()
    assert text.startswith("Too good to be true: 100% of the held-out passages of 30 characters")


def test_a_test_text_that_is_too_short(data: Prepared, tmp_path: Path) -> None:
    longer = OPTIONS.model_copy(update={"characters": 500})
    with pytest.raises(BadInput, match="received 500, the test text has 400 characters; lower"):
        evaluate(build("gru", **data.facts()), data, longer, tmp_path)


def test_held_out_texts_reach_from_one_end_to_the_other() -> None:
    test = "".join(map(chr, range(100, 200)))
    texts = evenly_spaced(test, count=3, characters=30)
    assert [len(text) for text in texts] == [30] * 3
    assert texts[0] == test[:30]
    assert texts[-1] == test[-30:]
    assert texts[1] in test


def test_the_table_says_where_a_passage_stands() -> None:
    train = "one\ntwo\nthree\nfour"
    start = train.index("three")
    text = table({"temperature_0.5": CopiedPassage("three fo", start)}, train)
    assert text.splitlines() == [
        "temperature 0.5: 8 characters, line 3, character 8 of the training text",
        "    three fo",
    ]
