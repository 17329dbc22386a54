"""The operations that Keyferry knows of, read where they are declared."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
DECLARED = re.compile(r'^    (\w+):\s+([A-Z]+)\s+\w+\s+"([^"]+)"', re.MULTILINE)
CALLED = re.compile(r"\bops::(\w+)")


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str

    def fits(self, method, target):
        # The names of objects may hold slashes.
        path = re.sub(r"\{objectName\}", ".+", self.path)
        path = re.sub(r"\{\w+\}", "[^/]+", path)
        return method == self.method and re.fullmatch(path, urlsplit(target).path)


def declared():
    """All of them; where two fit, the more specific one comes first."""
    text = (ROOT / "crates/wire/src/registry.rs").read_text()
    return [Operation(*found) for found in DECLARED.findall(text)]


def sent_by_keyferry():
    """The names of those that Keyferry's own client sends."""
    sources = (ROOT / "crates/oci/src/calls").glob("*.rs")
    return {name for source in sources for name in CALLED.findall(source.read_text())}
