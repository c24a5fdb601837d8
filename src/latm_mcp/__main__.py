"""`python -m latm_mcp` is `latm-mcp`."""

import sys

from latm_mcp.cli import main

if __name__ == "__main__":
    sys.exit(main())
