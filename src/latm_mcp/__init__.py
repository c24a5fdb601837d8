"""latm-mcp: an MCP server through which language models make their own tools (LATM, arXiv 2305.17126)."""

__version__ = "0.1.0"
