"""Whether what Definitions was given is what it takes."""

from __future__ import annotations

from treadle._errors import CheckError, DagsterInvalidDefinitionError, wrong_type
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, TypeVar

    T = TypeVar("T")


def check_collections(given: Mapping[str, Any], executor: Any) -> None:
    """That collections are such, and what is named has a name."""
    for name, value in given.items():
        if value is None:
            continue
        if name in ("resources", "loggers"):
            if not hasattr(value, "keys"):
                raise wrong_type(name, "one of ['Mapping']", value)
            for key in value:
                if not isinstance(key, str):
                    raise CheckError(f"Key in Mapping mismatches type. Expected {str}. Got {key!r}")
        elif not hasattr(value, "__iter__") or isinstance(value, str):
            raise wrong_type(name, "a Iterable", value)
    if executor is not None:
        from treadle._run.executors import ExecutorDefinition

        if not isinstance(executor, ExecutorDefinition):
            raise wrong_type("executor", "one of ['Executor', 'ExecutorDefinition', 'NoneType']", executor)
    if given["loggers"]:
        from treadle._run.loggers import LoggerDefinition

        for key, value in given["loggers"].items():
            if not isinstance(value, LoggerDefinition):
                raise CheckError(
                    f"Value in Mapping mismatches expected type for key {key}. Expected value of type"
                    f" {LoggerDefinition}. Got value {value!r} of type {type(value)}."
                )


def once(items: Iterable[T] | None) -> list[T]:
    """What was given several times counts once."""
    return list({id(item): item for item in items or ()}.values())


def check_items(name: str, items: Iterable[Any], types: Any, what: str) -> None:
    for item in items:
        if not isinstance(item, types):
            raise CheckError(
                f"Member of iterable mismatches type. Expected {types}. Got {item!r} of type {type(item)}."
                f" Definitions({name}=...) takes {what}."
            )


def check_names(schedules: Iterable[Any], sensors: Iterable[Any]) -> None:
    """Schedules and sensors share their names; the same one may be given twice."""
    seen: dict[str, Any] = {}
    for one in (*schedules, *sensors):
        if seen.setdefault(one.name, one) is not one:
            raise DagsterInvalidDefinitionError(
                f"Duplicate definition found for {one.name}. Give one of them another name."
            )


def check_jobs_and_automation(jobs: Iterable[Any], schedules: Iterable[Any], sensors: Iterable[Any]) -> None:
    if jobs:
        from treadle._assets.jobs import JobDefinition, UnresolvedAssetJobDefinition

        check_items("jobs", jobs, (JobDefinition, UnresolvedAssetJobDefinition), "jobs")
    if schedules or sensors:
        from treadle._automation.schedules import (
            ScheduleDefinition,
            UnresolvedPartitionedAssetScheduleDefinition,
        )
        from treadle._automation.sensors import SensorDefinition

        of_schedules = (ScheduleDefinition, UnresolvedPartitionedAssetScheduleDefinition)
        check_items("schedules", schedules, of_schedules, "schedules")
        check_items("sensors", sensors, SensorDefinition, "sensors")
