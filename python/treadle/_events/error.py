"""What went wrong, as the record tells it."""

from __future__ import annotations

from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class SerializableErrorInfo(Record):
    """What went wrong, in text."""

    __slots__ = _fields = ("message", "stack", "cls_name", "cause")
    message: str
    stack: Sequence[str]
    cls_name: str | None
    cause: SerializableErrorInfo | None

    def __init__(
        self,
        message: str,
        stack: Sequence[str],
        cls_name: str | None,
        cause: SerializableErrorInfo | None = None,
    ) -> None:
        self.message = message
        self.stack = stack
        self.cls_name = cls_name
        self.cause = cause

    def to_string(self) -> str:
        text = f"{self.cls_name}: {self.message}\n\nStack Trace:\n{''.join(self.stack)}"
        return (
            text
            if self.cause is None
            else f"{text}\nThe above exception was caused by the following"
            f" exception:\n{self.cause.to_string()}"
        )

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> SerializableErrorInfo:
        cause = data.get("cause")
        return SerializableErrorInfo(
            data.get("message") or "",
            (data.get("stack") or "").splitlines(keepends=True),
            data.get("cls_name"),
            SerializableErrorInfo.from_json(cause) if cause else None,
        )


def told_error(error: BaseException) -> SerializableErrorInfo:
    """An exception as the record keeps it."""
    import traceback

    told = traceback.TracebackException.from_exception(error)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return SerializableErrorInfo(
        "".join(told.format_exception_only()),
        list(told.stack.format()),
        type(error).__name__,
        told_error(cause) if cause is not None else None,
    )


# Errors that tell what was being done when user code raised what is their cause.
_OF_USER_CODE = ("DagsterExecutionHandleOutputError", "DagsterExecutionLoadInputError")


def is_own(error: SerializableErrorInfo) -> bool:
    """Whether it is of a class of Dagster's, Failure included."""
    from treadle import _errors

    return isinstance(getattr(_errors, error.cls_name or "", None), type)


def error_of_step(error: SerializableErrorInfo, op: str, kind: str, attempt: int) -> SerializableErrorInfo:
    """The error of a failed step as Dagster has it: what user code raised is the cause of one that names the
    op, what Dagster raises itself and Failure stand for themselves. `attempt`: 1 is the first.
    """
    own = is_own(error) and error.cls_name not in _OF_USER_CODE
    if error.message.startswith("Exceeded max_retries of "):
        name = error.cls_name if error.cls_name == "RetryRequested" else "RetryRequestedFromPolicy"
        return SerializableErrorInfo(f"{error.message}\n", error.stack, name, error.cause)
    told = _formatted(error)
    from_policy = "RetryRequestedFromPolicy"
    if kind == "STEP_UP_FOR_RETRY" and error.cls_name != "RetryRequested":
        return SerializableErrorInfo(f"{from_policy}\n", (), from_policy, told)
    if kind == "STEP_FAILURE" and attempt > 1 and (not own or error.cls_name == "Failure"):
        return SerializableErrorInfo(f"Exceeded max_retries of {attempt - 1}\n", (), from_policy, told)
    if own or not error.stack or error.cls_name in ("SystemExit", "KeyboardInterrupt"):
        return told  # or of the engine, which ended the step
    wrapper = "DagsterExecutionStepExecutionError"
    return SerializableErrorInfo(f'{wrapper}: Error occurred while executing op "{op}":\n', (), wrapper, told)


def _formatted(error: SerializableErrorInfo) -> SerializableErrorInfo:
    """With the name of the class in the message, as Python prints it."""
    text = f"{error.cls_name}: {error.message}\n" if error.message else f"{error.cls_name}\n"
    cause = _formatted(error.cause) if error.cause is not None else None
    name = (error.cls_name or "").rpartition(".")[2] or None
    return SerializableErrorInfo(text, error.stack, name, cause)
