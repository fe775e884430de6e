"""How log lines look on a terminal and as JSON."""

from __future__ import annotations

import json
import logging
import sys

_COLORS = {10: "32", 30: "33", 40: "31", 50: "1;31"}


class ColoredFormatter(logging.Formatter):
    """Dagster's line, in colors where the output is a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s - %(name)s - %(levelname)s - %(message)s", "%Y-%m-%d %H:%M:%S %z")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        color = _COLORS.get(record.levelno)
        return f"\033[{color}m{line}\033[0m" if color and sys.stderr.isatty() else line


class JsonLogFormatter(logging.Formatter):
    """All of a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({k: v for k, v in record.__dict__.items() if k != "dagster_event"}, default=repr)
