"""Retry policies."""

from __future__ import annotations

from enum import Enum

from treadle._errors import DagsterInvalidDefinitionError, ParameterCheckError, wrong_type
from treadle._events.record import Record


class Backoff(Enum):
    """How the delay grows from one retry to the next: `LINEAR` delay * n, `EXPONENTIAL` delay * (2^n - 1)."""

    LINEAR = "LINEAR"
    EXPONENTIAL = "EXPONENTIAL"


class Jitter(Enum):
    """Randomness of a delay d: `FULL` picks between 0 and d, `PLUS_MINUS` between d - delay and d + delay."""

    FULL = "FULL"
    PLUS_MINUS = "PLUS_MINUS"


class RetryPolicy(Record):
    """How often a step that failed is run again, and how long to wait before (seconds)."""

    __slots__ = _fields = ("max_retries", "delay", "backoff", "jitter")
    max_retries: int
    delay: float | None
    backoff: Backoff | None
    jitter: Jitter | None

    def __init__(
        self,
        max_retries: int = 1,
        delay: float | None = None,
        backoff: Backoff | None = None,
        jitter: Jitter | None = None,
    ) -> None:
        if backoff is not None and delay is None:
            raise DagsterInvalidDefinitionError(
                "Can not set backoff on RetryPolicy without also setting delay"
            )
        if jitter is not None and delay is None:
            raise DagsterInvalidDefinitionError(
                "Can not set jitter on RetryPolicy without also setting delay"
            )
        if isinstance(max_retries, bool) or not isinstance(max_retries, int):
            raise wrong_type("max_retries", "a int", max_retries)
        if max_retries < 0:
            raise DagsterInvalidDefinitionError(
                f"RetryPolicy max_retries must be a whole number of at least 0, not {max_retries!r}"
            )
        if delay is not None and not (isinstance(delay, (int, float)) and 0 <= delay < 1e9):
            if not isinstance(delay, (int, float)):
                raise ParameterCheckError(
                    f"Param \"delay\" is not one of ['float', 'int']. Got {delay!r} which is type"
                    f" {type(delay)}."
                )
            raise DagsterInvalidDefinitionError(
                f"RetryPolicy delay must be a number of seconds of at least 0, not {delay!r}"
            )
        self.max_retries = max_retries
        self.delay = delay
        self.backoff = backoff
        self.jitter = jitter
