"""What is listed: the fixed commands and, where exposure is hybrid, a few made tools; cached on the library's generation."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from mcp import types

from latm_mcp.outcomes import Json
from latm_mcp.server_commands import Commands, fixed_commands, native_hints
from latm_mcp.server_schemas import vetted
from latm_mcp.store import Listed, Store
from latm_mcp.text import one_line, safe_json

logger = logging.getLogger(__name__)

MAX_SIGNATURE = 300
OWN_SENTENCE = "Answers the kind of question that its examples show."


@dataclass(frozen=True, slots=True)
class Listing:
    """One state of the list. native: the made tools in it, name -> version."""

    generation: int
    tools: tuple[types.Tool, ...]
    native: dict[str, str] = field(default_factory=dict)


class Catalogue:
    """The list of tools as of now.

    uses: how often each tool was used. limit: made tools that are listed at most; 0: the fixed commands alone.
    """

    def __init__(self, store: Store, uses: Callable[[], dict[str, int]], limit: int, commands: Commands):
        self._store, self._uses, self._limit = store, uses, limit
        self._fixed = tuple(fixed_commands(commands))
        self._listing: Listing | None = None

    def listing(self) -> Listing:
        """The present list; chosen anew only when the library's list of tools has changed."""
        generation = self._store.generation()
        if self._listing is None or self._listing.generation != generation:
            self._listing = self._choose(generation)
        return self._listing

    def input_schema(self, name: str) -> dict[str, Json] | None:
        """A listed tool's input schema, for the SDK's header check; None for others."""
        return next((tool.input_schema for tool in self.listing().tools if tool.name == name), None)

    def live(self) -> list[Listed]:
        """Every made tool that may be called, by name."""
        return [row for row in self._store.listed() if row.usable]

    def _choose(self, generation: int) -> Listing:
        """Pinned ones, then most used, until the limit; ordered by name. One that clients could choke on is left out."""
        uses = self._uses() if self._limit else {}
        ranked = sorted(
            self.live() if self._limit else [], key=lambda row: (not row.pinned, -uses.get(row.name, 0), row.name)
        )
        versions = {row.name: row.version for row in ranked[: self._limit]}
        made = sorted(vetted([native_tool(row) for row in ranked[: self._limit]]), key=lambda tool: tool.name)
        native = {tool.name: versions[tool.name] for tool in made}
        for name in versions.keys() - native.keys():
            logger.warning("%s is not listed: its schema would break clients; call_tool reaches it", name)
        return Listing(generation, (*self._fixed, *made), native)


def native_tool(row: Listed) -> types.Tool:
    """A made tool as clients list it: nothing in it is free text of a maker's model."""
    return types.Tool(
        name=row.name,
        description=describe(row),
        input_schema=safe_json(row.parameters),
        output_schema={"type": "object", "properties": {"result": safe_json(row.returns)}, "required": ["result"]},
        annotations=native_hints(),
    )


def describe(row: Listed) -> str:
    """Our template: the caller's own description or a sentence of ours, the typed signature, the evidence."""
    return f"{purpose(row)} Made tool: {one_line(row.signature_text, MAX_SIGNATURE)}. Verified: {evidence(row)}."


def purpose(row: Listed) -> str:
    """The caller's own description as a sentence, or ours where there is none."""
    own = one_line(row.description, 400)
    if not own:
        return OWN_SENTENCE
    return own if own[-1] in ".!?" else f"{own}."


def evidence(row: Listed) -> str:
    """What the tool has been shown to do, in a few words."""
    kinds = (
        (row.shown_passed, row.shown_total, "shown to its maker"),
        (row.blind_passed, row.blind_total, "blind"),
        (row.held_out_passed, row.held_out_total, "held out"),
    )
    words = [f"{passed} of {total} {kind}" for passed, total, kind in kinds if total]
    if row.bound > 0:
        words.append(f"at least {row.bound:.0%} right on unseen questions (95 % bound)")
    return ", ".join(words) or "on no example"
