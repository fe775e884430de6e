"""Errors under Dagster's names, and the two exceptions with which user code steers a step: Failure and
RetryRequested.
"""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from treadle._events.metadata import MetadataValue
    from treadle._typing import RawMetadataMapping


class DagsterError(Exception):
    """Base of all errors raised by Treadle."""


class DagsterInvalidDefinitionError(DagsterError):
    """A definition breaks a rule; the message names the place and the cure."""


class DagsterInvalidSubsetError(DagsterError):
    """A selection names what is not there, or part of what cannot be divided."""


class DagsterInvalidObservationError(DagsterError):
    """An observe function returned what says nothing about its asset."""


class DagsterInvalidMetadata(DagsterError):
    """A metadata value is of a type that cannot be kept."""


class DagsterInvariantViolationError(DagsterError):
    """Something was done that the definitions do not allow."""


class DagsterInvalidInvocationError(DagsterError):
    """A decorated function was called with arguments that do not fit."""


class DagsterInvalidConfigError(DagsterError):
    """Run or resource configuration does not fit its schema."""


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


class DagsterExecutionStepExecutionError(DagsterUserCodeExecutionError):
    """A step failed outside of this process; what it raised is told in the message."""


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


class CheckError(Exception):
    """An argument is of the wrong type."""


class ParameterCheckError(CheckError):
    """An argument is of the wrong type; the message names it."""


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


class DagsterAssetCheckFailedError(DagsterError):
    """A blocking check failed with severity ERROR."""
