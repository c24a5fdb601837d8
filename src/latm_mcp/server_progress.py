"""From a making's synchronous reports to progress notifications, which must always grow."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream
from mcp.server.context import ServerRequestContext

from latm_mcp.job_board import Report
from latm_mcp.models import Progress
from latm_mcp.text import one_line

QUIET_SECONDS = 5.0  # some clients give a request up when they hear nothing for a while
BACKLOG = 256


@asynccontextmanager
async def progress_to(ctx: ServerRequestContext[Any, Any]) -> AsyncIterator[Report]:
    """A report that reaches the client of this request, if it asked for progress; all is sent before the block ends.

    An error of the block comes out inside a group of errors.
    """
    send, receive = anyio.create_memory_object_stream[Progress](BACKLOG)

    def report(progress: Progress) -> None:
        with suppress(anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
            send.send_nowait(progress)

    with send, receive:
        async with anyio.create_task_group() as group:
            group.start_soon(_pass_on, ctx, receive)
            try:
                yield report
            finally:
                send.close()


async def _pass_on(ctx: ServerRequestContext[Any, Any], receive: MemoryObjectReceiveStream[Progress]) -> None:
    done, sentence = 0.0, "at work"
    while True:
        told = 0.0
        with anyio.move_on_after(QUIET_SECONDS):
            try:
                progress = await receive.receive()
            except anyio.EndOfStream:
                return
            told, sentence = progress.done, one_line(progress.sentence, 200)
        if (grown := max(told, done + (1.0 - done) * 0.02)) > done:
            done = grown
            await ctx.session.report_progress(done, 1.0, sentence)
