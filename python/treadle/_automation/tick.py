"""Evaluating the schedules and sensors of definitions once, for the command line."""

from __future__ import annotations

from treadle._automation.requests import AddDynamicPartitionsRequest
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from treadle._automation.requests import RunRequest
    from treadle._definitions.definitions import Definitions

Told = tuple[str, str, str, str, list[tuple[str, str, str, str, str]]]


def ticker(definitions: Definitions) -> Callable[[int, int, str, bool], list[Told]] | None:
    """What the core calls with (since, now, home, remember); None when there is nothing to evaluate."""
    if not definitions._schedules and not definitions._sensors:
        return None

    def tick(since: int, now: int, home: str, remember: bool) -> list[Told]:
        from treadle._run.instance import DagsterInstance

        instance = DagsterInstance.from_home(home)
        schedules = [s.resolve(definitions) if hasattr(s, "resolve") else s for s in definitions._schedules]
        told = [_schedule(definitions, s, since, now, instance) for s in schedules]
        told += [_sensor(definitions, s, instance, remember) for s in definitions._sensors]
        return [t for t in told if t is not None]

    return tick


def listed(definitions: Definitions) -> list[tuple[str, str, str, str, str, bool]]:
    """Kind, name, what it runs, when, description, and whether it is on by default."""
    from treadle._automation.schedules import DefaultScheduleStatus
    from treadle._automation.sensors import DefaultSensorStatus

    out = []
    for schedule in definitions._schedules:
        one: Any = schedule.resolve(definitions) if hasattr(schedule, "resolve") else schedule
        cron = one.cron_schedule if isinstance(one.cron_schedule, str) else ", ".join(one.cron_schedule)
        running = one.default_status == DefaultScheduleStatus.RUNNING
        when = f"{cron} ({one.execution_timezone or 'UTC'})"
        out.append(("schedule", one.name, _target(one), when, one.description or "", running))
    for sensor in definitions._sensors:
        seconds = sensor.minimum_interval_seconds
        when = "every 30 s" if seconds is None else f"every {seconds} s"
        running = sensor.default_status == DefaultSensorStatus.RUNNING
        out.append(("sensor", sensor.name, _target(sensor), when, sensor.description or "", running))
    return out


def _target(instigator: Any) -> str:
    if instigator._job_names:
        return ", ".join(instigator._job_names)
    selection = getattr(instigator, "_asset_selection", None)
    return "" if selection is None else str(selection)


def _schedule(definitions: Definitions, schedule: Any, since: int, now: int, instance: Any) -> Told | None:
    from treadle._automation.context import to_datetime
    from treadle._automation.schedules import build_schedule_context

    tick = schedule.cron.at_or_before(now)
    # Never evaluated before: due only at the tick itself.
    if tick is None or (tick <= since if since else tick // 60_000_000 != now // 60_000_000):
        following = schedule.cron.next(now)
        when = "never" if following is None else to_datetime(following).isoformat()
        return ("schedule", schedule.name, f"next tick {when}", "", [])
    zone = schedule.execution_timezone
    at = to_datetime(tick)
    if zone:
        from zoneinfo import ZoneInfo

        at = at.astimezone(ZoneInfo(zone))
    context = build_schedule_context(
        instance, at, resources=definitions.resources, repository_def=definitions
    )
    return _evaluated("schedule", schedule, context)


def _sensor(definitions: Definitions, sensor: Any, instance: Any, remember: bool) -> Told | None:
    from treadle._automation.condition_sensors import AutomationConditionSensorDefinition
    from treadle._automation.sensor_context import build_sensor_context

    if isinstance(sensor, AutomationConditionSensorDefinition):
        return None  # its conditions are evaluated with all others
    key = f"sensor cursor:{sensor.name}"
    context = build_sensor_context(
        instance,
        cursor=instance._home.values([key]).get(key),
        sensor_name=sensor.name,
        resources=definitions.resources,
        definitions=definitions,
    )

    def keep(data: Any) -> None:
        for request in data.dynamic_partitions_requests:
            if isinstance(request, AddDynamicPartitionsRequest):
                instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
            else:
                for partition in request.partition_keys:
                    instance.delete_dynamic_partition(request.partitions_def_name, partition)
        if data.cursor is not None:
            instance._home.set_values({key: data.cursor})

    return _evaluated("sensor", sensor, context, keep if remember else None)


def _evaluated(kind: str, instigator: Any, context: Any, keep: Callable[[Any], None] | None = None) -> Told:
    try:
        with context:
            data = instigator.evaluate_tick(context)
        if keep is not None:
            keep(data)
    except Exception as error:
        return (kind, instigator.name, "", f"{type(error).__name__}: {error}", [])
    own = instigator._job_names
    requests = [_request(r, own) for r in data.run_requests]
    return (kind, instigator.name, data.skip_message or "", "", requests)


def _request(request: RunRequest, own: list[str]) -> tuple[str, str, str, str, str]:
    import json

    job = request.job_name or (own[0] if len(own) == 1 else "")
    assets = ", ".join(k.to_user_string() for k in request.asset_selection or ())
    return (
        request.run_key or "",
        job,
        str(request.partition_key or ""),
        assets,
        json.dumps(dict(request.tags), sort_keys=True),
    )
