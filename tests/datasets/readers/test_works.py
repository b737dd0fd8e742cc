from pathlib import Path

from generative.datasets.readers import works


def test_aligned_lines_of_two_spellings() -> None:
    modern = (
        "ACT I.\nHAMLET.\nThe king is dead, long live the queen!\nWhat say you to it, my love?\n"
    )
    modern += (
        "[Exit.]\nA line that only one of them has, and no other.\nGive him heed, and love him."
    )
    folio = "Actus Primus.\n  Ham. The King is dead, long liue the Queene:\n"
    folio += "What say you to it my loue\n"
    folio += "Exit Hamlet.\nGiue him heede and loue him"
    found = works.align(works.Work("a", 1601, "tragedy", modern, folio))
    assert found == [
        ("The king is dead, long live the queen!", "The King is dead, long liue the Queene:"),
        ("Give him heed, and love him.", "Giue him heede and loue him"),
    ]


def test_plays_are_divided_whole(raw_editions: Path) -> None:
    splits = works.split_plays(works.read(raw_editions), 1)
    keys = [work.key for plays in splits.values() for work in plays]
    assert len(keys) == len(set(keys)) == 35
    assert [len(plays) for plays in splits.values()] == [20, 5, 10]
    for plays in splits.values():
        assert {work.genre for work in plays} == {"comedy", "history", "tragedy"}
