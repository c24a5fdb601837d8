"""Two tools that answer one question differently: whose answer stands, if any (design, 2.9)."""

import logging
from collections.abc import Sequence

from latm_mcp.compare import same
from latm_mcp.job import Workshop
from latm_mcp.judging import judge
from latm_mcp.latm_found import Found
from latm_mcp.outcomes import AnswerQuestion, Program
from latm_mcp.using.use import Answer

logger = logging.getLogger(__name__)

_Pair = tuple[Found, Answer]


async def preferred(shop: Workshop, answers: Sequence[_Pair]) -> Answer | None:
    """The answer of them all; where they differ, that of the one tool that stands above all others; None where none does.

    A tool that confirmed good uses made trusted stands above one on probation, and a disputed one under all others. Among
    equals, one whose confirmed examples another one answers wrongly has taken such questions over from it. Else what a
    client wrote, and no person has read, gives way to what others made: a client alone takes no question from them. Else
    somebody has to be asked: a newer tool alone is no better.
    """
    trusted = [pair for pair in answers if pair[0].row.trust == "trusted"]
    left = trusted or [pair for pair in answers if pair[0].row.trust != "disputed"] or list(answers)
    if _alike(answers) or _alike(left):
        return left[0][1]
    for pair in left:
        others = [other for other in left if other is not pair]
        if others and all([await _took_over(shop, pair, other) for other in others]):
            return pair[1]
    others = [pair for pair in left if not _clients_alone(shop, pair)]
    return others[0][1] if others and _alike(others) else None


def _clients_alone(shop: Workshop, pair: _Pair) -> bool:
    """Whether a client's model wrote a tool, and no person has approved it."""
    tool = shop.store.tool(pair[0].row.name)
    return not pair[0].row.approved and (tool is None or tool.provenance.maker == "client")


def _alike(answers: Sequence[_Pair]) -> bool:
    first = answers[0]
    return all(same(first[0].row.comparison, first[1].answer, answer.answer) for _, answer in answers[1:])


async def _took_over(shop: Workshop, newer: _Pair, older: _Pair) -> bool:
    """Whether the older tool's adapter answers a confirmed example of the newer one wrongly, and not the other way round."""
    lost, won = await _wrong(shop, older, newer), await _wrong(shop, newer, older)
    if lost and not won:
        logger.info("%s has taken over questions that %s answers wrongly", newer[0].row.name, older[0].row.name)
    return lost and not won


async def _wrong(shop: Workshop, judged: _Pair, by: _Pair) -> bool:
    """Whether a tool answers any of another one's confirmed examples wrongly."""
    tool = shop.store.tool(judged[0].row.name)
    examples = [row for row in shop.store.examples(by[0].row.name) if row.standing == "confirmed"]
    if tool is None or not examples:
        return False
    requests = [AnswerQuestion(example.question) for example in examples]
    program = Program(tool.source, tool.signature.function)
    outcomes = await shop.sandbox.run_batch(program, requests, limits=shop.limits_of(tool.name))
    rows = zip(examples, requests, outcomes, strict=True)
    return any(judge(0, *row, by[0].row.comparison).verdict == "wrong" for row in rows)
