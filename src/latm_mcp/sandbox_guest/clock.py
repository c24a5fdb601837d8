"""A wall clock that is off, for interpreters whose clock cannot be shifted from outside: Python's own ways to ask for the time.

Used by the native sandbox alone, in a child that is about to run made code in another world.
"""

import ctypes
import datetime
import gc
import time
from typing import Any

OF_THE_WALL = (0, 5, 8, 11)  # CLOCK_REALTIME, its coarse and its alarm form, CLOCK_TAI


def shift(seconds: int) -> None:
    """Have this process believe that it is so many seconds later."""
    now, now_ns, asked, asked_ns = time.time, time.time_ns, time.clock_gettime, time.clock_gettime_ns
    local, utc = time.localtime, time.gmtime
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + seconds * 10**9
    time.clock_gettime = lambda clock: asked(clock) + (seconds if clock in OF_THE_WALL else 0)
    time.clock_gettime_ns = lambda clock: asked_ns(clock) + (seconds * 10**9 if clock in OF_THE_WALL else 0)
    for name, plain in (("localtime", local), ("gmtime", utc)):
        setattr(time, name, _at(plain, time.time))
    for name in ("ctime", "asctime", "strftime"):
        setattr(time, name, _now_given(getattr(time, name), name, time.localtime))
    of_day, of_time = datetime.date.fromtimestamp, datetime.datetime.fromtimestamp
    _put(
        datetime.date,
        "today",
        lambda cls: of_day(time.time()) if cls is datetime.date else cls.fromtimestamp(time.time()),
    )
    _put(datetime.datetime, "now", lambda cls, tz=None: cls.fromtimestamp(time.time(), tz))
    _put(datetime.datetime, "utcnow", lambda cls: of_time(time.time(), datetime.UTC).replace(tzinfo=None))


def _at(plain: Any, clock: Any) -> Any:
    return lambda seconds=None: plain(clock() if seconds is None else seconds)


def _now_given(plain: Any, name: str, now: Any) -> Any:
    if name == "ctime":
        return lambda seconds=None: time.asctime(now(seconds))
    if name == "asctime":
        return lambda moment=None: plain(now() if moment is None else moment)
    return lambda form, moment=None: plain(form, now() if moment is None else moment)


def _put(of: type, name: str, method: Any) -> None:
    """Set a class method of a class that is written in C, which Python itself does not allow."""
    gc.get_referents(of.__dict__)[0][name] = classmethod(method)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(of))
