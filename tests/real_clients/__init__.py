"""Real MCP clients from npm, each with a scripted model of its own on loopback, make a tool through this server and use it."""
