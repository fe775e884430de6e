"""What libraries for Dagster take from `dagster._utils` about names, tags and text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from treadle._dagster.check import invariant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

VALID_TAG_KEY_REGEX = re.compile(r"^([A-Za-z0-9_.-]{1,63}/|dagster/kind/)?[A-Za-z0-9_.-]{1,63}$")
VALID_STRICT_TAG_VALUE_REGEX = re.compile(r"^[A-Za-z0-9_.-]{0,63}$")
_TAG_KEYS = (
    "Allowed characters: alpha-numeric, '_', '-', '.'. Tag keys can also contain a namespace section,"
    " separated by a '/'. Each section must have <= 63 characters."
)


def clean_name(name: str) -> str:
    """With an underscore for each run of characters a name cannot have."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", name)


def clean_name_lower(name: str) -> str:
    return clean_name(name).lower()


def clean_name_lower_with_dots(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "_", name).lower()


def camelcase(string: str) -> str:
    """`a_b-c` as `ABC`."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[\-_.\s]", string))


def snakecase(string: str) -> str:
    """`SomeName` as `some_name`."""
    text = re.sub(r"[\-.\s]", "_", string)
    return text[:1].lower() + re.sub(r"[A-Z]", lambda m: "_" + m.group(0).lower(), text[1:])


def non_secure_md5_hash_str(s: bytes | bytearray | memoryview) -> str:
    import hashlib

    return hashlib.md5(s, usedforsecurity=False).hexdigest()


def is_valid_tag_key(key: str) -> bool:
    return VALID_TAG_KEY_REGEX.match(key) is not None


def is_valid_strict_tag_value(key: str) -> bool:
    return VALID_STRICT_TAG_VALUE_REGEX.match(key) is not None


def get_boolean_tag_value(tag_value: str | None, default_value: bool = False) -> bool:
    if tag_value is None:
        return default_value
    return tag_value.lower() not in ("false", "none", "0", "")


def normalize_tags(
    tags: Mapping[str, Any] | None,
    strict: bool = False,
    allow_private_system_tags: bool = True,
    warning_stacklevel: int = 4,
) -> dict[str, str]:
    """Tags as texts. `strict`: short texts only; else JSON stands for other values, and a key that is none of
    the form warns.
    """
    from treadle._errors import DagsterInvalidDefinitionError as Invalid

    out: dict[str, str] = {}
    bad = []
    for key, value in (tags or {}).items():
        if not isinstance(key, str):
            raise Invalid("Tag keys must be strings")
        if not allow_private_system_tags and key.startswith("dagster/"):
            raise Invalid(f"Attempted to set tag with reserved system prefix: {key}")
        if not is_valid_tag_key(key):
            bad.append(key)
        if not isinstance(value, str) and strict:
            raise Invalid(f"Tag values must be strings, got type {type(value)} at key {key}.")
        if strict and not is_valid_strict_tag_value(value):
            raise Invalid(
                f"Invalid tag value: {value}, for key: {key}. Allowed characters: alpha-numeric, '_', '-',"
                " '.'. Must have <= 63 characters."
            )
        out[key] = value if isinstance(value, str) else _json_of(key, value)
    if bad and strict:
        raise Invalid(f"Found invalid tag keys: {bad[:5]}. {_TAG_KEYS}")
    if bad:
        import warnings

        text = f"Non-compliant tag keys like {bad[:5]} are deprecated. {_TAG_KEYS}"
        warnings.warn(text, DeprecationWarning, stacklevel=warning_stacklevel)
    return out


def _json_of(key: str, value: Any) -> str:
    import json

    from treadle._errors import DagsterInvalidDefinitionError

    try:
        text = json.dumps(value)
        why = None if json.loads(text) == value else f'JSON encoding "{text}" of value "{value}" is another'
    except TypeError:
        why = f'Could not JSON encode value "{value}"'
    if why is None:
        return text
    raise DagsterInvalidDefinitionError(
        f'Invalid value for tag "{key}", {why}. Tag values must be strings or meet the constraint that'
        " json.loads(json.dumps(value)) == value."
    )


def build_kind_tag(kind: str) -> dict[str, str]:
    """The tag that says an asset is of this kind."""
    return {f"dagster/kind/{kind}": ""}


def str_format_list(items: Iterable[object]) -> str:
    return f"[{', '.join(f'{item!r}' for item in items)}]"


def str_format_set(items: Iterable[object]) -> str:
    return f"{{{', '.join(f'{item!r}' for item in items)}}}"


def parse_env_var(env_var_str: str) -> tuple[str, str]:
    """`NAME=value`, or `NAME` with its value in the environment."""
    import os

    name, equals, value = env_var_str.partition("=")
    if equals:
        return name, value
    if name not in os.environ:
        raise Exception(f"Tried to load environment variable {name}, but it was not set")
    return name, os.environ[name]


def coerce_valid_log_level(log_level: str | int) -> int:
    """A level of Python's logging, from its number or name."""
    import logging

    if isinstance(log_level, int):
        return log_level
    levels = {"CRITICAL": 50, "FATAL": 50, "ERROR": 40, "WARNING": 30, "WARN": 30, "INFO": 20, "DEBUG": 10}
    names = ", ".join(f"'{name}'" for name in levels)
    invariant(
        log_level.upper() in levels,
        f"Bad value for log level {log_level}: permissible values are {names}.",
    )
    return int(logging.getLevelName(log_level.upper()))


def make_new_run_id() -> str:
    import uuid

    return str(uuid.uuid4())
