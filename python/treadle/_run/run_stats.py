"""How far a run came, counted from its events: of the whole, and of each step."""

from __future__ import annotations

from enum import Enum

from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from treadle._run.instance import EventLogEntry


class StepEventStatus(Enum):
    """Where a step is."""

    SKIPPED = "SKIPPED"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    IN_PROGRESS = "IN_PROGRESS"


class DagsterRunStatsSnapshot(Record):
    """How many of what a run has had, and when it was where; seconds since 1970, None: not yet."""

    __slots__ = _fields = (
        "run_id",
        "steps_succeeded",
        "steps_failed",
        "materializations",
        "expectations",
        "enqueued_time",
        "launch_time",
        "start_time",
        "end_time",
    )

    def __init__(
        self,
        run_id: str,
        steps_succeeded: int,
        steps_failed: int,
        materializations: int,
        expectations: int,
        enqueued_time: float | None,
        launch_time: float | None,
        start_time: float | None,
        end_time: float | None,
    ) -> None:
        self.run_id = run_id
        self.steps_succeeded = steps_succeeded
        self.steps_failed = steps_failed
        self.materializations = materializations
        self.expectations = expectations
        self.enqueued_time = enqueued_time
        self.launch_time = launch_time
        self.start_time = start_time
        self.end_time = end_time


class RunStepKeyStatsSnapshot(Record):
    """One step of a run; `attempts` counts from 1."""

    __slots__ = _fields = ("run_id", "step_key", "status", "start_time", "end_time", "attempts")

    def __init__(
        self,
        run_id: str,
        step_key: str,
        status: StepEventStatus | None = None,
        start_time: float | None = None,
        end_time: float | None = None,
        attempts: int | None = None,
    ) -> None:
        self.run_id = run_id
        self.step_key = step_key
        self.status = status
        self.start_time = start_time
        self.end_time = end_time
        self.attempts = attempts


_ENDS = {
    "STEP_SUCCESS": StepEventStatus.SUCCESS,
    "STEP_FAILURE": StepEventStatus.FAILURE,
    "STEP_SKIPPED": StepEventStatus.SKIPPED,
}


def _kinds(events: Iterable[EventLogEntry]) -> Iterable[tuple[str, EventLogEntry]]:
    for event in events:
        told: Any = event.dagster_event
        if told is not None:
            yield told.event_type.name, event


def of_run(run_id: str, events: Sequence[EventLogEntry]) -> DagsterRunStatsSnapshot:
    count: dict[str, int] = {}
    at: dict[str, float] = {}
    for kind, event in _kinds(events):
        count[kind] = count.get(kind, 0) + 1
        at[kind] = event.timestamp
    ends = [at[k] for k in ("RUN_SUCCESS", "RUN_FAILURE", "RUN_CANCELED") if k in at]
    return DagsterRunStatsSnapshot(
        run_id,
        count.get("STEP_SUCCESS", 0),
        count.get("STEP_FAILURE", 0),
        count.get("ASSET_MATERIALIZATION", 0),
        count.get("STEP_EXPECTATION_RESULT", 0),
        at.get("RUN_ENQUEUED"),
        at.get("RUN_STARTING"),
        at.get("RUN_START"),
        max(ends, default=None),
    )


def of_steps(run_id: str, events: Sequence[EventLogEntry]) -> list[RunStepKeyStatsSnapshot]:
    """In the order in which they began."""
    steps: dict[str, RunStepKeyStatsSnapshot] = {}
    for kind, event in _kinds(events):
        key: str | None = event.step_key
        if key is None or not kind.startswith("STEP_"):
            continue
        step = steps.setdefault(key, RunStepKeyStatsSnapshot(run_id, key))
        if kind in ("STEP_START", "STEP_RESTARTED"):
            step.status = StepEventStatus.IN_PROGRESS
            step.start_time = step.start_time if step.start_time is not None else event.timestamp
            step.attempts = (step.attempts or 0) + 1
        elif kind in _ENDS:
            step.status, step.end_time = _ENDS[kind], event.timestamp
    return list(steps.values())
