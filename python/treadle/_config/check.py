"""Checks of the configuration of resources that are functions, in the words of Dagster's errors."""

from __future__ import annotations

from treadle._errors import DagsterInvalidConfigError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_SCALARS = {str: "String", int: "Int", float: "Float", bool: "Bool"}


def type_label(expected: Any) -> str:
    if isinstance(expected, list):
        return f"[{type_label(expected[0])}]"
    return _SCALARS.get(expected, "Any")


def check_config(
    resource: str, config: Any, fields: Mapping[str, Any], required: tuple[str, ...]
) -> dict[str, Any]:
    """The configuration as a dictionary. Raises DagsterInvalidConfigError with everything that is wrong."""
    given = {} if config is None else config
    if not isinstance(given, dict):
        raise _error(
            resource, [f'Value at path root:config must be dict. Expected: "{_shape(fields, required)}".']
        )
    problems = [
        f'Received unexpected config entry "{name}" at path root:config. Expected:'
        f' "{_shape(fields, required)}".'
        for name in given
        if name not in fields
    ]
    problems.extend(
        f'Missing required config entry "{name}" at path root:config. You must provide this value in'
        " your"
        f" run config. Example config for the missing entry: {{{name!r}: {_example(fields[name])!r}}}"
        for name in required
        if name not in given
    )
    for name, value in given.items():
        if name in fields and not _fits(value, fields[name]):
            problems.append(
                f'Invalid scalar at path root:config:{name}. Value "{value}" of type "{type(value)}" is not'
                " valid"
                f' for expected type "{type_label(fields[name])}".'
            )
    if problems:
        raise _error(resource, problems)
    return dict(given)


def _error(resource: str, problems: list[str]) -> DagsterInvalidConfigError:
    lines = "".join(f"\n    Error {i}: {p}" for i, p in enumerate(problems, 1))
    return DagsterInvalidConfigError(f"Error in config for resource {resource}{lines}")


def _fits(value: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        return isinstance(value, list) and all(_fits(v, expected[0]) for v in value)
    if expected not in _SCALARS:
        return True
    if expected is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, expected) and (expected is bool or not isinstance(value, bool))


def _example(expected: Any) -> Any:
    return (
        []
        if isinstance(expected, list)
        else {str: "...", int: 0, float: 0.0, bool: True}.get(expected, "...")
    )


def _shape(fields: Mapping[str, Any], required: tuple[str, ...]) -> str:
    parts = [f"{n}{'' if n in required else '?'}: {type_label(t)}" for n, t in sorted(fields.items())]
    return "{ " + " ".join(parts) + " }"
