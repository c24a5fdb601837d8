"""The one-byte kinds of frame that a worker sends, and how much longer than its result a frame may be."""

from enum import Enum

PROCESSOR = b"processor"  # TIMED_OUT's payload where it was not the wall clock
KEPT_LOADED = 4  # tools, used lately, that a worker keeps loaded ahead
SLACK = 64 << 10  # bytes beyond Limits.output_bytes: the reply around the value, or an exception's text


class Kind(bytes, Enum):
    """What a worker's frame is."""

    PROGRESS = b"P"  # a sentence for people, before READY
    UNUSABLE = b"U"  # a sentence: this worker cannot work
    READY = b"R"  # {"python", "walls"}
    REPLY = b"G"  # the guest's own reply, unread
    TIMED_OUT = b"T"  # empty, or PROCESSOR
    TOO_LARGE = b"L"
    DIED = b"D"  # a reason
