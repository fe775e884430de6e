"""The rules that names, owners, tags and kinds follow; each message says which was broken. No regular
expressions: importing `re` costs more.
"""

from __future__ import annotations

from treadle._errors import DagsterInvalidDefinitionError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
_TAG = WORD + ".-"
# fmt: off
_RESERVED = frozenset((
    "context", "conf", "config", "meta", "arg_dict", "dict", "input_arg_dict", "output_arg_dict", "int",
    "str", "float", "bool", "input", "output", "type", "False", "None", "True", "and", "as", "assert",
    "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally",
    "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass",
    "raise", "return", "try", "while", "with", "yield",
))
# fmt: on


def only(text: str, allowed: str) -> bool:
    """Whether all characters of a text (of one or more) are allowed."""
    return text != "" and text.strip(allowed) == ""


def check_name(name: str) -> str:
    if name in _RESERVED:
        raise DagsterInvalidDefinitionError(
            f'"{name}" is not a valid name in Dagster. It conflicts with a Dagster or python reserved'
            " keyword."
        )
    if not isinstance(name, str) or not only(name, WORD):
        raise DagsterInvalidDefinitionError(
            f'"{name}" is not a valid name in Dagster. Names must be in regex ^[A-Za-z0-9_]+$.'
        )
    return name


def check_group(group: str | None) -> None:
    if group is None:
        return
    if group == "":
        raise DagsterInvalidDefinitionError(
            "Empty asset group name was provided, which is not permitted. Set group_name=None to use the"
            " default group_name"
            " or set non-empty string"
        )
    if not all(only(segment, WORD) for segment in group.split("/")):
        raise DagsterInvalidDefinitionError(
            f'"{group}" is not a valid asset group name. Group names must be one or more segments of A-Z,'
            " a-z, 0-9 and _,"
            " separated by '/' (e.g. 'marketing' or 'marketing/foo/bar')."
        )


def check_owners(owners: Iterable[str] | None, what: object, kind: str = "asset") -> list[str]:
    if owners is None:
        return []
    if isinstance(owners, str):
        raise DagsterInvalidDefinitionError(
            f"owners of {kind} '{what}' must be a list of strings, not the string {owners!r}."
        )
    checked = list(owners)
    for owner in checked:
        if not isinstance(owner, str) or not (
            _is_email(owner) or (owner.startswith("team:") and len(owner) > 5)
        ):
            rule = (
                "Team name cannot be empty after 'team:' prefix"
                if owner == "team:"
                else "Owner must be an email address or a team name prefixed with 'team:'"
            )
            raise DagsterInvalidDefinitionError(f"Invalid owner '{owner}' for {kind} '{what}'. {rule}.")
    return checked


def _is_email(owner: str) -> bool:
    name, at, host = owner.rpartition("@")
    return bool(
        at
        and name
        and "." in host.strip(".")
        and host == host.strip(".")
        and not any(c.isspace() for c in owner)
    )


def check_tags(tags: Mapping[str, str] | None, what: object) -> dict[str, str]:
    if not tags:
        return {}
    for key, value in tags.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise DagsterInvalidDefinitionError(
                f"Tags of {what} must map strings to strings, not {key!r} to {value!r}."
            )
        segments = key.split("/")
        if len(segments) > (3 if key.startswith("dagster/") else 2) or not all(
            only(s, _TAG) and len(s) <= 63 for s in segments
        ):
            raise DagsterInvalidDefinitionError(
                f'Found invalid tag key "{key}" on {what}. Allowed are up to 63 of A-Z, a-z, 0-9, "_", "-"'
                ' and ".", with at most'
                " one prefix before a '/'."
            )
        if value and (not only(value, _TAG) or len(value) > 63):
            raise DagsterInvalidDefinitionError(
                f'Found invalid tag value "{value}" for key "{key}" on {what}. Allowed are up to 63 of A-Z,'
                ' a-z, 0-9, "_", "-" and ".".'
            )
    return dict(tags)


def check_kinds(kinds: Iterable[str] | None, what: object) -> tuple[str, ...]:
    if not kinds:
        return ()
    checked = tuple(sorted(kinds)) if isinstance(kinds, (set, frozenset)) else tuple(kinds)
    if len(checked) > 10:
        raise DagsterInvalidDefinitionError(
            f"Assets can have at most ten kinds currently. {what} has {len(checked)}."
        )
    return checked


def unsupported(what: str, **arguments: object) -> None:
    """Dagster's arguments that this version does not act on are refused rather than ignored."""
    for name, value in arguments.items():
        if value is not None:
            raise DagsterInvalidDefinitionError(
                f"{what} was given {name}, which this version of Treadle does not support yet."
            )


def clean_doc(doc: str | None) -> str | None:
    """A docstring without its indentation, as `inspect.cleandoc` does it."""
    if not doc:
        return None
    lines = doc.expandtabs().split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()), default=0)
    return "\n".join([lines[0].lstrip(), *(line[margin:] for line in lines[1:])]).strip() or None
