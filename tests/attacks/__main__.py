"""Writes the table of attacks into docs/security.md: `python -m attacks`, in tests/ and with the package importable."""

from pathlib import Path

from attacks.everything import in_document

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"

if __name__ == "__main__":
    DOCUMENT.write_text(in_document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
