"""Tags of runs, and of what asks for runs: texts, or what JSON can say as text."""

from __future__ import annotations

import re

from treadle._errors import DagsterInvalidDefinitionError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

VALID_TAG_KEY_REGEX = re.compile(r"^([A-Za-z0-9_.-]{1,63}/|dagster/kind/)?[A-Za-z0-9_.-]{1,63}$")
VALID_STRICT_TAG_VALUE_REGEX = re.compile(r"^[A-Za-z0-9_.-]{0,63}$")
_TAG_KEYS = (
    "Allowed characters: alpha-numeric, '_', '-', '.'. Tag keys can also contain a namespace section,"
    " separated by a '/'. Each section must have <= 63 characters."
)
# Tags of the system that users may set.
_EDITABLE = frozenset(
    "dagster/" + tag
    for tag in (
        "priority",
        "max_retries",
        "retry_strategy",
        "max_runtime",
        "isolation",
        "retry_on_asset_or_op_failure",
    )
)


def is_valid_tag_key(key: str) -> bool:
    return VALID_TAG_KEY_REGEX.match(key) is not None


def is_valid_strict_tag_value(key: str) -> bool:
    return VALID_STRICT_TAG_VALUE_REGEX.match(key) is not None


def normalize_tags(
    tags: Mapping[str, Any] | None,
    strict: bool = False,
    allow_private_system_tags: bool = True,
    warning_stacklevel: int = 4,
) -> dict[str, str]:
    """Tags as texts. `strict`: short texts only; else JSON stands for other values, and a key that is none of
    the form warns.
    """
    out: dict[str, str] = {}
    bad = []
    for key, value in (tags or {}).items():
        if not isinstance(key, str):
            raise DagsterInvalidDefinitionError("Tag keys must be strings")
        if not allow_private_system_tags and key.startswith("dagster/") and key not in _EDITABLE:
            raise DagsterInvalidDefinitionError(f"Attempted to set tag with reserved system prefix: {key}")
        if not is_valid_tag_key(key):
            bad.append(key)
        if not isinstance(value, str) and strict:
            raise DagsterInvalidDefinitionError(
                f"Tag values must be strings, got type {type(value)} at key {key}."
            )
        if strict and not is_valid_strict_tag_value(value):
            raise DagsterInvalidDefinitionError(
                f"Invalid tag value: {value}, for key: {key}. Allowed characters: alpha-numeric, '_', '-',"
                " '.'. Must have <= 63 characters."
            )
        out[key] = value if isinstance(value, str) else _json_of(key, value)
    if bad and strict:
        raise DagsterInvalidDefinitionError(f"Found invalid tag keys: {bad[:5]}. {_TAG_KEYS}")
    if bad:
        import warnings

        text = f"Non-compliant tag keys like {bad[:5]} are deprecated. {_TAG_KEYS}"
        warnings.warn(text, DeprecationWarning, stacklevel=warning_stacklevel)
    return out


def _json_of(key: str, value: Any) -> str:
    import json

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
