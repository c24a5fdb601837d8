"""Stage 2 of the paper, tool using: dispatch a question to a tool, use the tool."""
