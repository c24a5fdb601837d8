"""Closing what a run of brackets leaves open, as BIG-Bench's dyck_languages asks it, spaced or not."""

import random

from latm_mcp.models import Example

DESCRIPTION = "Complete a sequence of brackets so that all of them are closed properly."

CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
DEEPEST = 9
LONGEST = 100


def generate(rng: random.Random) -> Example:
    """2 to 100 brackets, 1 to 9 of them open; one question in four has no spaces between them."""
    brackets, still_open = walk(rng, left_open=open_count(rng), length=rng.choice((6, 12, 24, 48, LONGEST)))
    closing = [CLOSING[bracket] for bracket in reversed(still_open)]
    separator = "" if rng.random() < 0.25 else " "
    question = (
        "Complete the rest of the sequence, making sure that the parentheses are closed properly. Input: "
        + separator.join(brackets)
    )
    return Example(question=question, answer=separator.join(closing), standing="confirmed")


def open_count(rng: random.Random) -> int:
    """How many brackets stay open: mostly 1 to 4, sometimes up to the deepest."""
    return rng.randint(1, 4) if rng.random() < 0.8 else rng.randint(5, DEEPEST)


def walk(rng: random.Random, left_open: int, length: int) -> tuple[list[str], list[str]]:
    """Brackets opened and closed at random, and those still open at the end, outermost first.

    Ends at the first moment from a random length on, up to `length`, where `left_open` are open.
    """
    brackets: list[str] = []
    stack: list[str] = []
    goal = rng.randint(left_open, max(left_open, length - DEEPEST))
    while len(brackets) < max(goal, 2) or len(stack) != left_open:
        if should_open(rng, len(stack), left_open, done=len(brackets) >= goal):
            stack.append(rng.choice(tuple(CLOSING)))
            brackets.append(stack[-1])
        else:
            brackets.append(CLOSING[stack.pop()])
    return brackets, stack


def should_open(rng: random.Random, depth: int, left_open: int, *, done: bool) -> bool:
    """Once the length is reached the walk heads for its depth; before, it wanders between 0 and the deepest."""
    if done:
        return depth < left_open
    return depth == 0 or (depth < DEEPEST and rng.random() < 0.55)
