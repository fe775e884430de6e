"""A config type as text: what a configuration of that type looks like."""

from __future__ import annotations

from treadle._config.fields import config_type
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_STEP = "  "


def print_config_type_to_string(schema: Any, with_lines: bool = True) -> str:
    """`[Int]`, `String?`, `(Int | {...})`; the fields of a dictionary each on a line of its own unless
    `with_lines` is false, a `?` after the name of one that may be left out."""
    lines = _told(config_type(schema), 0)
    if with_lines:
        return "\n".join(_STEP * depth + text for depth, text in lines)
    return " ".join(text for _, text in lines)


def _told(kind: Any, depth: int) -> list[tuple[int, str]]:
    """Lines with their depth."""
    if kind.kind == "Array":
        return _around("[", _told(kind.inner_type, depth), "]")
    if kind.kind == "Noneable":
        return _around("", _told(kind.inner_type, depth), "?")
    if kind.kind == "ScalarUnion":
        scalar = _told(kind.scalar_type, depth)
        return _around("(", _joined(scalar, " | ", _told(kind.non_scalar_type, depth)), ")")
    if kind.kind == "Map":
        label = f"{kind.key_label_name}: " if kind.key_label_name else ""
        key = _around(f"[{label}", _told(kind.key_type, depth + 1), "]")
        entry = _joined(key, ": ", _told(kind.inner_type, depth + 1))
        return [(depth, "{"), *entry, (depth, "}")]
    if hasattr(kind, "fields"):
        lines = [(depth, "{")]
        for name, field in sorted(kind.fields.items()):
            mark = "" if field.is_required else "?"
            lines += _joined([(depth + 1, name + mark)], ": ", _told(field.config_type, depth + 1))
        return [*lines, (depth, "}")]
    return [(depth, kind.given_name or kind.key)]


def _around(before: str, lines: list[tuple[int, str]], after: str) -> list[tuple[int, str]]:
    told = [(lines[0][0], before + lines[0][1]), *lines[1:]]
    told[-1] = (told[-1][0], told[-1][1] + after)
    return told


def _joined(
    first: list[tuple[int, str]], between: str, second: list[tuple[int, str]]
) -> list[tuple[int, str]]:
    """The second beginning on the last line of the first."""
    return [*first[:-1], (first[-1][0], first[-1][1] + between + second[0][1]), *second[1:]]
