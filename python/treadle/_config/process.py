"""Checks configuration: the core finds all that is wrong, here it gets Dagster's names."""

from __future__ import annotations

from enum import Enum

from treadle._config.fields import config_type
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class DagsterEvaluationErrorReason(str, Enum):
    """What kind of mistake it is."""

    RUNTIME_TYPE_MISMATCH = "RUNTIME_TYPE_MISMATCH"
    MISSING_REQUIRED_FIELD = "MISSING_REQUIRED_FIELD"
    MISSING_REQUIRED_FIELDS = "MISSING_REQUIRED_FIELDS"
    FIELD_NOT_DEFINED = "FIELD_NOT_DEFINED"
    FIELDS_NOT_DEFINED = "FIELDS_NOT_DEFINED"
    SELECTOR_FIELD_ERROR = "SELECTOR_FIELD_ERROR"
    FAILED_POST_PROCESSING = "FAILED_POST_PROCESSING"
    FIELD_ALIAS_COLLISION = "FIELD_ALIAS_COLLISION"


class EvaluationError:
    """One mistake in a configuration."""

    __slots__ = ("message", "names", "path", "reason")

    def __init__(self, reason: str, path: str, message: str, names: Sequence[str] = ()) -> None:
        self.reason = DagsterEvaluationErrorReason(reason)
        self.path = path  # "root:ops:model:config:trees"; "" = the root
        self.message = message
        self.names = list(names)  # the fields it is about

    def __repr__(self) -> str:
        return f"EvaluationError(reason={self.reason.value!r}, path={self.path!r}, message={self.message!r})"


class EvaluateValueResult:
    """What came of a configuration: its value with defaults, or everything that is wrong with it."""

    __slots__ = ("errors", "success", "value")

    def __init__(self, success: bool | None, value: Any, errors: Sequence[Any] | None) -> None:
        self.success = success
        self.value = value
        self.errors = [e if isinstance(e, EvaluationError) else EvaluationError(*e) for e in errors or ()]

    @staticmethod
    def for_value(value: Any) -> EvaluateValueResult:
        return EvaluateValueResult(True, value, None)

    @staticmethod
    def for_error(error: Any) -> EvaluateValueResult:
        return EvaluateValueResult(False, None, [error])

    @staticmethod
    def for_errors(errors: Sequence[Any]) -> EvaluateValueResult:
        return EvaluateValueResult(False, None, errors)


def validate_config(schema: Any, value: Any) -> EvaluateValueResult:
    """Whether the value fits, as it is."""
    errors = config_type(schema).core.validate(value)
    return EvaluateValueResult(not errors, None if errors else value, errors)


def process_config(schema: Any, value: Any) -> EvaluateValueResult:
    """The value with defaults filled in, environment variables looked up and enums as their members."""
    errors, processed = config_type(schema).core.process(value)
    return EvaluateValueResult(not errors, processed, errors)


def resolve_defaults(schema: Any, value: Any) -> EvaluateValueResult:
    """Defaults alone: of a value that fits."""
    return EvaluateValueResult.for_value(config_type(schema).core.defaults(value))


post_process_config = process_config


def processed(schema: Any, value: Any, preamble: str) -> Any:
    """As process_config, for where mistakes are raised."""
    errors, result = config_type(schema).core.process(value)
    if errors:
        from treadle._errors import DagsterInvalidConfigError

        raise DagsterInvalidConfigError(preamble, errors, value)
    return result
