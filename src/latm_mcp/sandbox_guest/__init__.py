"""What runs inside the sandbox's interpreter: snapshotted into the component at build time, never imported by the server."""

LOADED = '{"loaded": true}'  # the reply to "load"
