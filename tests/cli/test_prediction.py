from pathlib import Path

import pytest

from generative.cli import prediction
from generative.core import members, params, saving
from generative.core.errors import BadInput
from generative.datasets import stories
from generative.multi_io.question_answering import QuestionAnswering

GIVEN = {"story": "Mary went to the garden.", "question": "Where is Mary?"}


@pytest.fixture(scope="module")
def models(prepared_stories: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two untrained models."""
    folder = tmp_path_factory.mktemp("models")
    block = params.sections("train")["question_answering"]
    arguments = {**stories.facts(prepared_stories), **block["model"]}
    card = saving.Description("multi_io/question_answering", arguments, "stories", {})
    saving.save(QuestionAnswering(**arguments), card, folder / "question_answering")
    block = params.sections("train")["separable"]
    card = saving.Description("classifiers/separable", block["model"], "mnist", {})
    saving.save(members.network(card.network)(**card.arguments), card, folder / "separable")
    return folder


def test_an_answer(models: Path) -> None:
    text = prediction.predict("question_answering", dict(GIVEN), models)
    assert text.startswith("answer: ")
    assert text.endswith(" %)")
    assert text == prediction.predict(str(models / "question_answering"), dict(GIVEN), models)


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("question_answerin", GIVEN, "unknown trained model .*; did you mean question_answering"),
        (
            "separable",
            GIVEN,
            "separable takes no input from the command line: classifiers/separable",
        ),
        (
            "question_answering",
            {"story": "Mary"},
            "--question is missing: .* --story and --question",
        ),
        (
            "question_answering",
            {**GIVEN, "left": "a"},
            "--left: question_answering does not take it",
        ),
        (
            "question_answering",
            {**GIVEN, "question": ""},
            "question_answering: the question is emp",
        ),
        (
            "question_answering",
            {**GIVEN, "story": "Mary flew."},
            "story holds 'flew', which the mo",
        ),
    ],
)
def test_what_cannot_be_asked(
    model: str, given: dict[str, str], message: str, models: Path
) -> None:
    with pytest.raises(BadInput, match=message):
        prediction.predict(model, given, models)


def test_nothing_trained(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no trained model; run dvc repro train@siamese"):
        prediction.predict("siamese", {}, tmp_path)
