"""A server told to end by a signal: first everything is closed, then the signal does what it does to any process."""

import gc
import os
import signal
import sys
from collections.abc import Callable

import anyio


async def end_on_signal(end: Callable[[], None], ended: list[signal.Signals]) -> None:
    """Wait for a signal to end, add it to `ended` and call `end`."""
    if sys.platform == "win32":  # none can be waited for there: input is closed, or Ctrl-C cancels the whole program
        return
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async for received in signals:
            ended.append(received)
            end()
            return


def leave(ended: list[signal.Signals]) -> None:
    """What is left to do once all is closed: end by the signal, if there was one, so that whoever sent it can tell."""
    gc.freeze()  # else the interpreter looks through all that was imported once more before it ends: up to a second
    if ended:
        signal.signal(ended[0], signal.SIG_DFL)
        os.kill(os.getpid(), ended[0])
