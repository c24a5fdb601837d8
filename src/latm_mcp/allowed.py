"""What made code may import: one list, the same in every sandbox, in the brief and in the source check.

All of it is pure computation from the standard library. A name stands for itself and its listed submodules.
"""

ALLOWED_IMPORTS: tuple[str, ...] = (
    "__future__", "abc", "array", "ast", "base64", "binascii", "bisect", "calendar", "cmath", "collections",
    "collections.abc", "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "enum",
    "fractions", "functools", "graphlib", "hashlib", "heapq", "html", "io", "ipaddress", "itertools", "json",
    "math", "numbers", "operator", "pprint", "queue", "random", "re", "secrets", "statistics", "string", "struct",
    "textwrap", "time", "types", "typing", "unicodedata", "urllib.parse", "uuid", "zlib", "zoneinfo",
)  # fmt: skip
