"""What a question has that no example showed is found as pieces of it, in scripts with and without spaces."""

import pytest

from latm_mcp.masking_unseen import Shown, pieces_at

SORT = [f"Sort these words alphabetically: {words}" for words in ("pear fig", "stone river lake", "chair bed")]
ROUND = [f"Round {number} to 2 places." for number in ("1.234", "88.1", "7.005")]
SHARE = [f"The bill is {amount} plus a {share}% tip." for amount, share in ((10, 5), (20, 8), (31, 15))]
HERDS = [f"Share {n} nuts among {n} {who}, please." for n, who in ((9, "wolves"), (12, "foxes"), (8, "bears"))]
CHINESE = [f"请提取{field}的值：{line}" for field, line in (("a", "a=1"), ("b", "b=2 c=3"), ("c", "c=1 a=2"))]
MEETING = [f"{one}和{two}何时都有空？" for one, two in (("小赵", "小陈"), ("老周", "阿明"), ("小林", "小王"))]


@pytest.mark.parametrize(
    ("examples", "question", "pieces"),
    [
        (SORT, "Sort these words alphabetically: fig bed", []),
        (SORT, "Sort these words alphabetically by length: fig bed", ["by", "length"]),
        (ROUND, "Round 5.5 to 2 places.", []),
        (ROUND, "Round 5.5 to 3 places.", ["3"]),
        (SHARE, "The bill is 40 € plus a 7% tip.", ["€"]),
        (HERDS, "Share 30 nuts among 4 hedgehogs, please.", []),
        (HERDS, "Share 30 nuts among 4 not, please.", ["not"]),
        (CHINESE, "请提取b的值：b=4", []),
        (CHINESE, "请提取b的值有多少个字：b=4", ["有多少个字"]),
        (MEETING, "小林和小陈何时都有空？", []),
        (MEETING, "小赵和小陈何时都没有空？", ["没"]),
        ([], "Sort 3 words", ["Sort", "3", "words"]),
        (SORT, "", []),
    ],
)
def test_pieces_that_no_example_has_are_found(examples: list[str], question: str, pieces: list[str]):
    assert [question[piece.start : piece.end] for piece in Shown(examples).unseen(question)] == pieces


def test_words_and_numbers_are_found_at_their_places_and_signs_are_none():
    question = "Add 3, then: 漢字"
    pieces = [(piece.kind, question[piece.start : piece.end]) for piece in pieces_at(question, range(9))]
    assert pieces == [("word", "Add"), ("number", "3"), ("word", "then"), ("signs", "漢字")]
