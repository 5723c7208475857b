"""All entries, in the order of the page docs/troubleshooting.md, which is written from them."""

from __future__ import annotations

from . import access, code, commands, data, docker, endings, machine, packed, service
from .entry import Entry

SECTIONS: tuple[tuple[str, tuple[Entry, ...]], ...] = tuple(
    (section.TITLE, section.ENTRIES)
    for section in (endings, code, packed, service, access, data, docker, machine, commands)
)
ENTRIES: tuple[Entry, ...] = tuple(entry for _, entries in SECTIONS for entry in entries)
