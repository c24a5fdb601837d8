"""Strict JSON: what may leave made code, copied into plain builtins so that nothing but data passes on."""

import json
from _json import encode_basestring, make_encoder, make_scanner
from collections.abc import Callable
from math import isfinite
from typing import Any

MAX_DEPTH = 100
MAX_INT = 10**4300  # CPython's own limit on digits between int and str, which the server's parser has too


def _no_value(value: object) -> str:
    raise TypeError(type(value).__name__)


# Bound now, and the parts of `json` that are written in C: what made code puts in their places in `json` is not used here.
_encode = make_encoder(None, _no_value, encode_basestring, None, ": ", ", ", False, False, False)
_scan = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # it asks for the attributes, not the class


def dumps(value: Any) -> str:
    """The JSON of a plain value."""
    return "".join(_encode(value, 0))


def loads(text: str) -> Any:
    """The value of a JSON text that is the sandbox's own."""
    return _scan(text, 0)[0]


class NotPlain(Exception):
    """The value is no JSON value; the message says what it is."""


class TooLarge(Exception):
    """The value has more parts than its JSON may have bytes."""


def plain(value: Any, most: int) -> Any:
    """A copy of value made of None, bool, int, float, str, list and dict alone, of at most `most` parts.

    Subclasses (Counter, IntEnum, StrEnum) are copied by their data. Raises: NotPlain, TooLarge.
    """
    left = most

    def copy(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0:  # shared parts can make a small object an endless text
            raise TooLarge
        if depth > MAX_DEPTH:
            raise NotPlain(f"nested deeper than {MAX_DEPTH}, or within itself")
        if value is None or value is True or value is False:
            return value
        if isinstance(value, dict):
            return {key(k): copy(v, depth + 1) for k, v in dict.items(value)}
        if isinstance(value, list):
            return [copy(item, depth + 1) for item in list.__iter__(value)]
        return scalar(value)

    return copy(value, 0)


def key(value: Any) -> str:
    """A dict's key as plain text. Raises: NotPlain if it is anything else."""
    if not isinstance(value, str):
        raise NotPlain(f"a dict key of type {named(value)}; keys must be str")
    return text(value)


def scalar(value: Any) -> Any:
    """A plain int, float or str. Raises: NotPlain."""
    for kind, convert in SCALARS:
        if isinstance(value, kind):
            return convert(value)
    hint = "; return a list" if isinstance(value, tuple | set | frozenset) else ""
    raise NotPlain(f"a value of type {named(value)}{hint}")


def text(value: str) -> str:
    """The same text as exactly a str. Raises: NotPlain on a lone surrogate, which is no Unicode text."""
    exact = str.__str__(value)
    if not exact.isascii() and any("\ud800" <= c <= "\udfff" for c in exact):
        raise NotPlain("a string with a lone surrogate")
    return exact


def integer(value: int) -> int:
    """The same number as exactly an int. Raises: NotPlain beyond 4300 digits."""
    exact = int.__add__(value, 0)
    if not -MAX_INT < exact < MAX_INT:
        raise NotPlain("an integer of more than 4300 digits")
    return exact


def real(value: float) -> float:
    """The same number as exactly a float. Raises: NotPlain for NaN and infinity, which JSON has not."""
    exact = float.__mul__(value, 1.0)
    if not isfinite(exact):
        raise NotPlain(f"the number {exact!r}")
    return exact


def named(value: Any) -> str:
    """The type's name, bounded."""
    return str(type(value).__name__)[:60]


SCALARS: tuple[tuple[type, Callable[[Any], Any]], ...] = ((str, text), (int, integer), (float, real))
