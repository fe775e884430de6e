"""The rows of the speed table, one module a topic: how each figure is measured, ours and a peer's."""

from __future__ import annotations

from rows import artifacts, automation, definitions, partitions, runs, server
from rows.row import Repeats, Row

TOPICS = (runs, definitions, artifacts, automation, partitions, server)


def rows(quick: bool) -> list[Row]:
    return [row for topic in TOPICS for row in topic.rows(quick)]


__all__ = ["Repeats", "Row", "rows"]
