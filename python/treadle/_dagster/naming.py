"""What libraries for Dagster take from `dagster._utils` about names, tags and text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from treadle._assets.tags import VALID_STRICT_TAG_VALUE_REGEX as VALID_STRICT_TAG_VALUE_REGEX
from treadle._assets.tags import VALID_TAG_KEY_REGEX as VALID_TAG_KEY_REGEX
from treadle._assets.tags import is_valid_strict_tag_value as is_valid_strict_tag_value
from treadle._assets.tags import is_valid_tag_key as is_valid_tag_key
from treadle._assets.tags import normalize_tags as normalize_tags
from treadle._dagster.check import invariant

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def get_boolean_tag_value(tag_value: str | None, default_value: bool = False) -> bool:
    if tag_value is None:
        return default_value
    return tag_value.lower() not in ("false", "none", "0", "")


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
