from generative.text.schema import EvaluateText
from stages.evaluate_text import spread, table

from generative.text.metrics import Passage


def test_held_out_texts_reach_from_one_end_to_the_other() -> None:
    block = EvaluateText(seed=1, texts=3, characters=30, temperatures=[1.0])
    test = "".join(map(chr, range(100, 200)))
    texts = spread(test, block)
    assert [len(text) for text in texts] == [30] * 3
    assert texts[0] == test[:30]
    assert texts[-1] == test[-30:]
    assert texts[1] in test


def test_the_table_says_where_a_passage_stands() -> None:
    train = "one\ntwo\nthree\nfour"
    place = train.index("three")
    shown = table({"temperature_0.5": Passage("three fo", place)}, train)
    assert shown.splitlines() == [
        "temperature 0.5: 8 characters, line 3, character 8 of the training text",
        "    three fo",
    ]
