"""Errors under Dagster's names, and the two exceptions with which user code steers a step: Failure and
RetryRequested.
"""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._events.metadata import MetadataValue
    from treadle._typing import RawMetadataMapping


class DagsterError(Exception):
    """Base of all errors raised by Treadle."""


class DagsterInvalidDefinitionError(DagsterError):
    """A definition breaks a rule; the message names the place and the cure."""


class DagsterInvalidSubsetError(DagsterError):
    """A selection names what is not there, or part of what cannot be divided."""


class DagsterInvalidAssetSelectionError(DagsterError):
    """A selection is not written as selections are."""


class DagsterInvalidObservationError(DagsterError):
    """An observe function returned what says nothing about its asset."""


class DagsterInvalidMetadata(DagsterError):
    """A metadata value is of a type that cannot be kept."""


class DagsterInvariantViolationError(DagsterError):
    """Something was done that the definitions do not allow."""


class DagsterInvalidInvocationError(DagsterError):
    """A decorated function was called with arguments that do not fit."""


class DagsterInvalidConfigError(DagsterError):
    """Run or resource configuration does not fit its schema: `errors` has every mistake, each with its
    `message`, `path` and `reason`.
    """

    def __init__(self, preamble: str, errors: Sequence[Any] = (), config_value: object = None) -> None:
        from treadle._config.process import EvaluationError

        self.errors = [e if isinstance(e, EvaluationError) else EvaluationError(*e) for e in errors]
        self.config_value = config_value
        self.error_messages = [e.message for e in self.errors]
        self.message = preamble + "".join(
            f"\n    Error {n}: {m}" for n, m in enumerate(self.error_messages, 1)
        )
        super().__init__(self.message)


class DagsterInvalidConfigDefinitionError(DagsterError):
    """A config schema is made of what cannot be one."""

    def __init__(
        self, original_root: object, current_value: object, stack: Sequence[str], reason: str | None = None
    ) -> None:
        self.original_root = original_root
        self.current_value = current_value
        self.stack = stack
        where = f"Error at stack path :{':'.join(stack)}. " if stack else ""
        why = f" Reason: {reason}." if reason else ""
        super().__init__(
            f"Error defining config. Original value passed: {original_root!r}. {where}{current_value!r}"
            " cannot be"
            f" resolved.{why}{_CONFIG_TYPES}"
        )


_CONFIG_TYPES = """
This value can be a:
    - Field
    - Python primitive types that resolve to dagster config types
        - int, float, bool, str, list.
    - A dagster config type: Int, Float, Bool, Array, Optional, Selector, Shape, Permissive, Map
    - A bare python dictionary, which is wrapped in Field(Shape(...)). Any values
      in the dictionary get resolved by the same rules, recursively.
    - A python list with a single entry that can resolve to a type, e.g. [int]
"""


class DagsterInvalidPythonicConfigDefinitionError(DagsterError):
    """A field of a Config class is annotated with what configuration cannot say."""

    def __init__(
        self, config_class: type | None, field_name: str | None, invalid_type: Any, is_resource: bool = False
    ) -> None:
        self.config_class = config_class
        self.field_name = field_name
        self.invalid_type = invalid_type
        name = getattr(invalid_type, "__name__", "<my type>")
        place = f" on field '{field_name}'" if field_name else ""
        super().__init__(
            f"\nError defining Dagster config class{f' {config_class!r}' if config_class else ''}"
            f"{place}.\nUnable to resolve config type"
            f" {invalid_type!r} to a supported Dagster config type.\n\n{_PYTHONIC_TYPES}"
            + (_RESOURCE_TYPES.format(name) if is_resource else "")
        )


class DagsterInvalidDagsterTypeInPythonicConfigDefinitionError(DagsterError):
    """A field of a Config class is annotated with a DagsterType."""

    def __init__(self, config_class_name: str, field_name: str | None) -> None:
        self.field_name = field_name
        super().__init__(
            f"Error defining Dagster config class '{config_class_name}' on field '{field_name}'. DagsterTypes"
            " cannot be used to annotate a config type. DagsterType is meant only for type checking and"
            " coercion"
            f" in op and asset inputs and outputs.\n{_PYTHONIC_TYPES}"
        )


_PYTHONIC_TYPES = """
This config type can be a:
    - Python primitive type
        - int, float, bool, str, list
    - A Python Dict or List type containing other valid types
    - Custom data classes extending dagster.Config
    - A Pydantic discriminated union type (https://docs.pydantic.dev/usage/types/#discriminated-unions-aka-tagged-unions)
"""
_RESOURCE_TYPES = """
If this config type represents a resource dependency, its annotation must either:
    - Extend dagster.ConfigurableResource, dagster.ConfigurableIOManager, or
    - Be wrapped in a ResourceDependency annotation, e.g. ResourceDependency[{}]
"""


class DagsterInvalidPropertyError(DagsterError):
    """A property was read where it has no value."""


class DagsterStepOutputNotFoundError(DagsterError):
    """A step ended without an output that it must give."""


class DagsterUnknownResourceError(DagsterError, AttributeError):
    """A resource was asked for that the step does not require."""


class DagsterRunNotFoundError(DagsterError):
    """No such run in this home."""


class DagsterUserCodeExecutionError(DagsterError):
    """User code raised where it should not."""

    def __init__(self, message: str, user_exception: BaseException | None = None) -> None:
        super().__init__(message)
        self.user_exception = user_exception


class ScheduleExecutionError(DagsterUserCodeExecutionError):
    """A function of a schedule raised."""


class SensorExecutionError(DagsterUserCodeExecutionError):
    """The function of a sensor raised."""


class DagsterExecutionStepExecutionError(DagsterUserCodeExecutionError):
    """A step failed outside of this process; what it raised is told in the message."""


class DagsterExecutionLoadInputError(DagsterUserCodeExecutionError):
    """An IO manager could not load an input."""


class DagsterExecutionHandleOutputError(DagsterUserCodeExecutionError):
    """An IO manager could not store an output."""


class DagsterResourceFunctionError(DagsterUserCodeExecutionError):
    """A resource could not be set up."""


class DagsterConfigMappingFunctionError(DagsterUserCodeExecutionError):
    """A function that makes configuration raised."""


class DagsterUnmetExecutorRequirementsError(DagsterError):
    """The executor cannot run steps here."""


class DagsterMaxRetriesExceededError(DagsterError):
    """A step asked for more retries than it allowed itself."""


class DagsterExecutionInterruptedError(BaseException):
    """The run was asked to stop."""


class DagsterUnknownPartitionError(DagsterError):
    """There is no partition with this key; the message names the rule and the nearest key."""


class CheckError(Exception):
    """An argument is of the wrong type."""


class ParameterCheckError(CheckError):
    """An argument is of the wrong type; the message names it."""


def wrong_type(param: str, expected: str, given: object) -> ParameterCheckError:
    """The error for an argument; `expected`: "a str", "one of ['Mapping']"."""
    return ParameterCheckError(
        f'Param "{param}" is not {expected}. Got {given!r} which is type {type(given)}.'
    )


class TreadleError(DagsterError):
    """An operation of the home failed: `code` says how ("not_found", "corrupt", "read_only", ...), the
    message where and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Failure(Exception):
    """Raised by user code: the step has failed, with a description and metadata for the record.

    With `allow_retries=False` the retry policy does not apply.
    """

    def __init__(
        self,
        description: str | None = None,
        metadata: RawMetadataMapping | None = None,
        allow_retries: bool | None = None,
    ) -> None:
        from treadle._events.metadata import normalize_metadata

        super().__init__(description)
        self.description = description
        self.metadata: Mapping[str, MetadataValue] = normalize_metadata(metadata)
        self.allow_retries = True if allow_retries is None else allow_retries


class RetryRequested(Exception):
    """Raised by user code: run this step again, at most `max_retries` times, after `seconds_to_wait`."""

    def __init__(self, max_retries: int | None = 1, seconds_to_wait: float | None = None) -> None:
        super().__init__()
        self.max_retries = 1 if max_retries is None else max_retries
        self.seconds_to_wait = seconds_to_wait


class DagsterTypeCheckDidNotPass(DagsterError):
    """A value is not of the annotated type."""

    def __init__(
        self,
        description: str | None = None,
        metadata: RawMetadataMapping | None = None,
        dagster_type: object | None = None,
    ) -> None:
        super().__init__(description)
        self.description = description
        self.metadata = dict(metadata or {})
        self.dagster_type = dagster_type

    @classmethod
    def of(cls, message: str, wrong: str) -> DagsterTypeCheckDidNotPass:
        """`wrong`: what the check says, with metadata and type where it is one of a declared type."""
        return cls(message, getattr(wrong, "metadata", None), getattr(wrong, "dagster_type", None))


class DagsterTypeCheckError(DagsterUserCodeExecutionError):
    """The function that checks a type raised."""


class DagsterExecutionStepNotFoundError(DagsterError):
    """Steps were named that the job does not have."""

    def __init__(self, message: str = "", step_keys: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.step_keys = list(step_keys)


class DagsterSubprocessError(DagsterError):
    """Processes of a run ended with an error; the message tells all of them."""

    def __init__(self, message: str = "", subprocess_error_infos: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.subprocess_error_infos = list(subprocess_error_infos)


class DagsterEventLogInvalidForRun(DagsterError):
    """What the record says of a run does not fit together."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"Event logs invalid for run id {run_id}")
        self.run_id = run_id


class DagsterPipesExecutionError(Exception):
    """An external process of a Pipes session failed."""


class DagsterAssetCheckFailedError(DagsterError):
    """A blocking check failed with severity ERROR."""
