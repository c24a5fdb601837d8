"""latm-mcp: an MCP server through which language models make their own tools (LATM, arXiv 2305.17126).

`from latm_mcp import Latm` is the public Python API (`latm_mcp.api`), with the errors that it raises. Importing the package loads
none of it: the server starts with every session of every client.
"""

TYPE_CHECKING = False  # as type checkers know it: `typing` itself takes longer to load than all of this
if TYPE_CHECKING:
    from latm_mcp.api import Latm
    from latm_mcp.api_results import Answer, Candidate, Evidence, Made, Reported, ToolInfo, Unanswered
    from latm_mcp.errors import (
        BadInput,
        CallFailed,
        CapReached,
        LatmError,
        MakerFailed,
        NotFound,
        Oversized,
        Rejected,
        SandboxUnavailable,
        StoreBusy,
        StoreTooNew,
        StoreUnusable,
    )

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "BadInput",
    "CallFailed",
    "Candidate",
    "CapReached",
    "Evidence",
    "Latm",
    "LatmError",
    "Made",
    "MakerFailed",
    "NotFound",
    "Oversized",
    "Rejected",
    "Reported",
    "SandboxUnavailable",
    "StoreBusy",
    "StoreTooNew",
    "StoreUnusable",
    "ToolInfo",
    "Unanswered",
    "__version__",
]

_MODULES = {"Latm": "latm_mcp.api"} | dict.fromkeys(
    ("Answer", "Candidate", "Evidence", "Made", "Reported", "ToolInfo", "Unanswered"), "latm_mcp.api_results"
)


if not TYPE_CHECKING:  # for a type checker, a name that is misspelt would be one of these

    def __getattr__(name: str) -> object:
        """A public name, its module loaded when it is first asked for."""
        if name not in __all__ or name.startswith("_"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value: object = getattr(import_module(_MODULES.get(name, "latm_mcp.errors")), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
