"""Which editor is for which format."""

from latm_mcp.install_documents import Document, Editor, Format, Under
from latm_mcp.install_documents_json import JsonEditor


def open_document(format: Format, under: Under, content: bytes) -> Document:
    """A configuration file's content, ready to be read and edited."""
    return Document(_editor(format), under, content)


def _editor(format: Format) -> Editor:
    match format:
        case "json" | "jsonc":
            return JsonEditor(comments=format == "jsonc")
        case "toml":
            from latm_mcp.install_documents_toml import TomlEditor  # loaded for the clients that have such files

            return TomlEditor()
        case _:
            from latm_mcp.install_documents_yaml import YamlEditor

            return YamlEditor(listed=format == "yaml-list")
