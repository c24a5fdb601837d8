"""The worker process: made code runs in it or in children of its own, one call at a time, frames on stdin and stdout.

In: `<u32 length><header JSON>\\n<request to load>\\n<request to use>`. Out: `<u32 length><kind><payload>`, kinds in `Kind`.
It starts with no environment and ends when its stdin does. What it imports is kept small: it is memory in every worker.
"""

import gc
import json
import os
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from latm_mcp.sandbox_compiled import Unusable
from latm_mcp.sandbox_kinds import SLACK, Kind
from latm_mcp.sandbox_pipe import breathe, frames, send
from latm_mcp.sandbox_rooms import Bounds, House, Rooms
from latm_mcp.sandbox_wall import die_with_parent

answering: list[bool] = []  # whether READY was said
ABOUT = '{"op": "about"}'


def main() -> NoReturn:
    """Start, say that it is ready, answer requests. argv: [server's process, kind, component file, cache folder]."""
    die_with_parent(int(sys.argv[1]))
    try:
        house = open_house(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
        house.host(lambda: serve(house))
    except (Unusable, OSError) as why:
        if not answering:  # else the server would take it for an answer; it starts another worker
            with suppress(BrokenPipeError):  # the server has gone meanwhile
                send(Kind.UNUSABLE, str(why))
        os._exit(1)
    os._exit(0)


def open_house(kind: str, component: Path, folder: Path) -> House:
    """Where the rooms of this kind are. Raises: Unusable, OSError."""
    if kind == "native":
        if sys.platform != "linux":
            raise Unusable(
                "the native sandbox cannot be used here: it is for Linux alone; unset LATM_SANDBOX to use the wasm sandbox"
            )
        from latm_mcp.sandbox_native import ForkServer

        return ForkServer()
    from latm_mcp.sandbox_wasm import load

    return load(component, folder, lambda text: send(Kind.PROGRESS, text))


def serve(house: House) -> None:
    """Answer one request after the other until stdin ends. Raises: Unusable."""
    rooms = Rooms(house)
    assert rooms.spare is not None
    kind, about = rooms.spare.run([ABOUT], Bounds(10, 10, 256, 1000))
    if kind != Kind.REPLY:
        raise Unusable(f"an interpreter in the sandbox does not start ({kind.name}: {about})")
    told = {**json.loads(about), "walls": house.close_walls()}
    send(Kind.READY, json.dumps(told))
    answering.append(True)
    gc.collect()
    gc.freeze()  # what is there stays: a collection in the middle of a call has less to look at
    for frame in frames():
        answer(rooms, frame)


def answer(rooms: Rooms, frame: bytes) -> None:
    """Answer one request from the room that it is due."""
    line, program, request = frame.decode().split("\n")
    bounds, clock_offset, batch, last = read_header(line)
    if batch:
        room = rooms.for_batch(batch, clock_offset)
        kind, reply = room.run([program, request], bounds)
        send(kind, reply)
        if last or kind != Kind.REPLY or reply.startswith('{"memory"'):
            rooms.end_batch()
    else:
        rooms.end_batch()  # one that gave way: it goes on in another room
        room, loaded = rooms.for_call(program, clock_offset)
        kind, reply = room.run([request] if loaded else [program, request], bounds)
        send(kind, reply)
        breathe()
        room.close()
        if kind == Kind.REPLY and not clock_offset:
            rooms.load_ahead(program, bounds)
    rooms.restock()


@lru_cache(maxsize=16)
def read_header(line: str) -> tuple[Bounds, int, int, bool]:
    """Bounds, clock offset and batch of a request, and whether it is the batch's last."""
    header = json.loads(line)
    bounds = Bounds(header["seconds"], header["cpu_seconds"], header["memory_mib"], header["output_bytes"] + SLACK)
    return bounds, header["clock_offset"], header["batch"], header["last"]
