"""Checks that are the same for many assets: freshness, column schemas, bounds of metadata."""

from __future__ import annotations

from treadle._assets.checks import multi_asset_check
from treadle._assets.definition import AssetsDefinition
from treadle._assets.keys import AssetKey
from treadle._assets.selection import AssetSelection
from treadle._assets.specs import AssetCheckSeverity, AssetCheckSpec
from treadle._automation.cron import parse_cron
from treadle._automation.requests import RunRequest, SkipReason
from treadle._automation.sensor_context import SensorEvaluationContext
from treadle._automation.sensors import DefaultSensorStatus, SensorDefinition
from treadle._errors import CheckError, DagsterInvalidDefinitionError
from treadle._events.events import AssetCheckResult
from treadle._events.metadata import MetadataValue
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from treadle._assets.definition import AssetChecksDefinition
    from treadle._assets.keys import AssetCheckKey
    from treadle._events.events import AssetMaterialization, AssetObservation
    from treadle._run.instance import DagsterInstance

FRESHNESS_CHECK = "freshness_check"
PARAMS = "dagster/freshness_params"
LOWER_BOUND = "dagster/freshness_lower_bound_timestamp"
FRESH_UNTIL = "dagster/fresh_until_timestamp"
LATEST_TICK = "dagster/latest_cron_tick_timestamp"
LAST_UPDATED = "dagster/last_updated_timestamp"


def build_last_update_freshness_checks(
    *,
    assets: Sequence[Any],
    lower_bound_delta: datetime.timedelta,
    deadline_cron: str | None = None,
    timezone: str = "UTC",
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN,
    blocking: bool = False,
) -> Sequence[AssetChecksDefinition]:
    """Checks that assets were updated within `lower_bound_delta` before now, or before the last tick of
    `deadline_cron`.
    """
    cron = None if deadline_cron is None else parse_cron(deadline_cron, timezone)
    delta = lower_bound_delta.total_seconds()
    params: dict[str, Any] = {"timezone": timezone, "lower_bound_delta_seconds": delta}
    if deadline_cron is not None:
        params["deadline_cron"] = deadline_cron

    def evaluate(instance: DagsterInstance, key: AssetKey, now: float) -> AssetCheckResult:
        tick = _seconds(cron.at_or_before(int(now * 1e6))) if cron is not None else None
        bound = (tick if tick is not None else now) - delta
        updated = _last_update(instance, key, None)
        passed = updated is not None and updated >= bound
        metadata: dict[str, Any] = {
            PARAMS: MetadataValue.json(params),
            LOWER_BOUND: MetadataValue.timestamp(bound),
        }
        if tick is not None:
            metadata[LATEST_TICK] = MetadataValue.timestamp(tick)
        if passed and updated is not None:
            until = _seconds(cron.next(int(now * 1e6))) if cron is not None else updated + delta
            if until is not None:
                metadata[FRESH_UNTIL] = MetadataValue.timestamp(until)
        if updated is not None:
            metadata[LAST_UPDATED] = MetadataValue.timestamp(updated)
        if updated is None:
            description = "Asset has never been observed/materialized."
        elif passed:
            description = (
                f"Asset is currently fresh. The last update was {in_words(now - updated)} ago, within the"
                f" allowed time range of {in_words(now - bound)}."
            )
        else:
            description = (
                f"Asset is overdue for an update. The last update was {in_words(now - updated)} ago, which is"
                f" past the allowed distance of {in_words(now - bound)} ago."
            )
        return AssetCheckResult(
            passed=passed, description=description, severity=severity, asset_key=key, metadata=metadata
        )

    return [_freshness_check(keys_of(assets), params, blocking, evaluate)]


def build_time_partition_freshness_checks(
    *,
    assets: Sequence[Any],
    deadline_cron: str,
    timezone: str = "UTC",
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN,
    blocking: bool = False,
) -> Sequence[AssetChecksDefinition]:
    """Checks that the partition whose window had ended at the last tick of `deadline_cron` is there."""
    cron = parse_cron(deadline_cron, timezone)
    params = {"timezone": timezone, "deadline_cron": deadline_cron}
    partitions = {
        key: asset.partitions_def
        for asset in assets
        if isinstance(asset, AssetsDefinition)
        for key in asset.keys
    }

    def evaluate(instance: DagsterInstance, key: AssetKey, now: float) -> AssetCheckResult:
        from treadle._automation.context import to_datetime
        from treadle._partitions.time_windows import TimeWindowPartitionsDefinition

        definition: Any = partitions.get(key)
        if not isinstance(definition, TimeWindowPartitionsDefinition):
            raise CheckError(
                f"The partitions of {key.to_user_string()} are not a TimeWindowPartitionsDefinition: give the"
                " asset itself to build_time_partition_freshness_checks, and let it have such partitions."
            )
        tick = cron.at_or_before(int(now * 1e6)) or 0
        expected = definition.get_last_partition_key(current_time=to_datetime(tick))
        passed = expected is not None and _last_update(instance, key, expected) is not None
        metadata: dict[str, Any] = {
            PARAMS: MetadataValue.json(params),
            LATEST_TICK: MetadataValue.timestamp(tick / 1e6),
        }
        updated = _last_update(instance, key, None)
        following = _seconds(cron.next(int(now * 1e6)))
        if passed and following is not None:
            metadata[FRESH_UNTIL] = MetadataValue.timestamp(following)
        elif updated is not None:
            metadata[LAST_UPDATED] = MetadataValue.timestamp(updated)
        if passed:
            description = (
                f"Asset is currently fresh, since partition {expected} has been observed/materialized."
            )
        elif updated is None:
            description = (
                "The asset has never been observed/materialized. We currently expect partition"
                f" {expected} to have arrived."
            )
        else:
            description = (
                f"Asset is overdue. We expected partition {expected} to have arrived, and it has not."
            )
        return AssetCheckResult(
            passed=passed, description=description, severity=severity, asset_key=key, metadata=metadata
        )

    return [_freshness_check(keys_of(assets), params, blocking, evaluate)]


def _freshness_check(
    keys: Sequence[AssetKey],
    params: Mapping[str, Any],
    blocking: bool,
    evaluate: Callable[[DagsterInstance, AssetKey, float], AssetCheckResult],
) -> AssetChecksDefinition:
    specs = [
        AssetCheckSpec(
            FRESHNESS_CHECK,
            asset=key,
            metadata={PARAMS: MetadataValue.json(dict(params))},
            description="Evaluates freshness for targeted asset.",
            blocking=blocking,
        )
        for key in keys
    ]

    def the_check(context: Any) -> Iterator[AssetCheckResult]:
        from treadle import _clock

        for check in sorted(context.selected_asset_check_keys, key=lambda c: c.asset_key.parts):
            yield evaluate(context.instance, check.asset_key, _clock.timestamp())

    decorate = multi_asset_check(specs=specs, can_subset=True, name=f"freshness_check_{_unique(keys)}")
    return decorate(the_check)


def build_sensor_for_freshness_checks(
    *,
    freshness_checks: Sequence[AssetChecksDefinition],
    minimum_interval_seconds: int | None = None,
    name: str = "freshness_checks_sensor",
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    tags: Mapping[str, Any] | None = None,
) -> SensorDefinition:
    """Runs each freshness check when its result can have changed: first of all, when it has failed and the
    asset was updated since, and when what passed can have become overdue.
    """
    if minimum_interval_seconds is not None and minimum_interval_seconds <= 0:
        raise CheckError("Interval must be a positive integer.")
    keys = sorted((s.key for c in freshness_checks for s in c.check_specs), key=lambda k: k.to_user_string())
    if len(set(keys)) != len(keys):
        twice = sorted({k.to_user_string() for k in keys if keys.count(k) > 1})
        raise CheckError(f"freshness_checks holds duplicate asset checks: {', '.join(twice)}.")

    def evaluate(context: SensorEvaluationContext) -> RunRequest | SkipReason:
        from treadle import _clock

        due = [key for key in keys if _is_due(context.instance, key, _clock.timestamp())]
        context.update_cursor(None)
        if due:
            return RunRequest(asset_selection=[], asset_check_keys=due, tags=tags)
        return SkipReason(
            "No freshness checks need to be evaluated at this time, since all checks are either currently"
            " evaluating, have failed, or are not yet overdue."
        )

    return SensorDefinition(
        name,
        evaluation_fn=evaluate,
        minimum_interval_seconds=minimum_interval_seconds,
        description="Evaluates the freshness of targeted assets.",
        asset_selection=AssetSelection.assets(*(k.asset_key for k in keys)),
        default_status=default_status,
    )


def _is_due(instance: DagsterInstance, key: AssetCheckKey, now: float) -> bool:
    from treadle._events.dagster_event import DagsterEvent

    asset = key.asset_key.to_user_string()
    for raw in instance._home.events("", asset, ["ASSET_CHECK_EVALUATION"], 0, 200, True, 0):
        evaluation = DagsterEvent.of(raw).event_specific_data
        if evaluation.check_name != key.name:
            continue
        if not evaluation.passed:
            updated = _last_update(instance, key.asset_key, None)
            return updated is not None and updated > DagsterEvent.of(raw).timestamp
        until = evaluation.metadata.get(FRESH_UNTIL)
        return until is None or bool(until.value <= now)
    return True


def build_column_schema_change_checks(
    *, assets: Sequence[Any], severity: AssetCheckSeverity = AssetCheckSeverity.WARN
) -> Sequence[AssetChecksDefinition]:
    """Checks that the latest materialization has the columns of the one before."""

    def evaluate(instance: DagsterInstance, key: AssetCheckKey) -> tuple[bool, str]:
        records = instance.fetch_materializations(key.asset_key, limit=2).records
        if len(records) < 2:
            return True, "The asset has been materialized fewer than 2 times"
        schemas = []
        for record, which in zip(records, ("Latest", "Previous")):
            made = record.event_log_entry.asset_materialization
            value = made.metadata.get("dagster/column_schema") if made is not None else None
            if value is None:
                return False, f"{which} materialization has no column schema metadata"
            schemas.append({c.name: c.type for c in value.value.columns})
        now, before = schemas
        added = [n for n in now if n not in before]
        removed = [n for n in before if n not in now]
        changed = [n for n in now if n in before and now[n] != before[n]]
        if not (added or removed or changed):
            return True, "No changes to column schema between previous and latest materialization"
        description = "Column schema changed between previous and latest materialization."
        if added:
            description += f"\n\nAdded columns: {', '.join(added)}"
        if removed:
            description += f"\n\nRemoved columns: {', '.join(removed)}"
        if changed:
            description += "\n\nColumn type changes:"
            description += "".join(f"\n- {n}: {before[n]} -> {now[n]}" for n in changed)
        return False, description

    specs = [AssetCheckSpec("column_schema_change", asset=k) for k in keys_of(assets)]
    return [_simple_check(specs, evaluate, severity)]


def build_metadata_bounds_checks(
    *,
    assets: Sequence[Any],
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN,
    metadata_key: str,
    min_value: float | None = None,
    max_value: float | None = None,
    exclusive_min: bool = False,
    exclusive_max: bool = False,
) -> Sequence[AssetChecksDefinition]:
    """Checks that a metadata value of the latest materialization lies between bounds."""
    if min_value is None and max_value is None:
        raise DagsterInvalidDefinitionError("At least one of `min_value` or `max_value` must be set")
    if min_value is not None and max_value is not None and min_value > max_value:
        raise DagsterInvalidDefinitionError("`min_value` may not be greater than `max_value`")
    description = f"Checks that the latest materialization has metadata value `{metadata_key}`"
    if min_value is not None:
        description += f" greater than {'' if exclusive_min else 'or equal to '}{min_value}"
    if max_value is not None:
        description += (
            f" {'and ' if min_value is not None else ''}less than"
            f" {'' if exclusive_max else 'or equal to '}{max_value}"
        )

    def evaluate(instance: DagsterInstance, key: AssetCheckKey) -> tuple[bool, str]:
        latest = instance.get_latest_materialization_event(key.asset_key)
        made = latest.asset_materialization if latest is not None else None
        if made is None:
            return False, "Asset has not been materialized"
        if metadata_key not in made.metadata:
            return False, f"Metadata key `{metadata_key}` not found"
        value = made.metadata[metadata_key].value
        if not isinstance(value, (int, float)):
            return False, f"Value `{value}` is not a number"
        if min_value is not None and (value <= min_value if exclusive_min else value < min_value):
            return False, f"Value `{value}` is less than {'or equal to ' if exclusive_min else ''}{min_value}"
        if max_value is not None and (value >= max_value if exclusive_max else value > max_value):
            return (
                False,
                f"Value `{value}` is greater than {'or equal to ' if exclusive_max else ''}{max_value}",
            )
        return True, f"Value `{value}` is within range"

    name = "".join(c if c.isalnum() or c == "_" else "_" for c in metadata_key)
    specs = [
        AssetCheckSpec(f"{name}_bounds_check", asset=k, description=description) for k in keys_of(assets)
    ]
    return [_simple_check(specs, evaluate, severity)]


def _simple_check(
    specs: Sequence[AssetCheckSpec],
    evaluate: Callable[[DagsterInstance, AssetCheckKey], tuple[bool, str]],
    severity: AssetCheckSeverity,
) -> AssetChecksDefinition:
    def the_checks(context: Any) -> Iterator[AssetCheckResult]:
        for key in sorted(context.selected_asset_check_keys, key=lambda k: k.to_user_string()):
            passed, description = evaluate(context.instance, key)
            yield AssetCheckResult(
                passed=passed,
                description=description,
                severity=severity,
                check_name=key.name,
                asset_key=key.asset_key,
            )

    return multi_asset_check(
        specs=specs, can_subset=True, name=f"asset_check_{_unique(s.key for s in specs)}"
    )(the_checks)


def keys_of(assets: Sequence[Any]) -> list[AssetKey]:
    """Of assets in any form; each may be named once."""
    keys: list[AssetKey] = []
    for asset in assets:
        if isinstance(asset, AssetsDefinition):
            keys += sorted(asset.keys, key=lambda k: k.parts)
        elif hasattr(asset, "key"):
            keys.append(asset.key)
        else:
            keys.append(AssetKey.from_coercible(asset))
    repeated = sorted({k.to_user_string() for k in keys if keys.count(k) > 1})
    if repeated:
        raise CheckError(f"Found duplicate assets in the provided list: {', '.join(repeated)}.")
    return keys


def _unique(keys: Iterable[AssetKey | AssetCheckKey]) -> str:
    import json
    from hashlib import md5

    text = json.dumps(sorted(str(key) for key in keys))
    return md5(text.encode(), usedforsecurity=False).hexdigest()[:8]


def _last_update(instance: DagsterInstance, key: AssetKey, partition: str | None) -> float | None:
    """When it was last updated: when it was materialized, or what the event itself says of it."""
    from treadle._run.records import AssetRecordsFilter

    wanted = AssetRecordsFilter(
        asset_key=key, asset_partitions=[partition] if partition is not None else None
    )
    times = []
    for record in instance.fetch_materializations(wanted, limit=1).records:
        made = record.event_log_entry.asset_materialization
        times.append(_said(made) or record.timestamp)
    seen = instance.fetch_observations(wanted, limit=1).records
    told = [_said(record.event_log_entry.asset_observation) for record in seen]
    return max([*times, *(t for t in told if t is not None)], default=None)


def _said(event: AssetMaterialization | AssetObservation | None) -> float | None:
    value = event.metadata.get(LAST_UPDATED) if event is not None else None
    return None if value is None else float(value.value)


def _seconds(micros: int | None) -> float | None:
    return None if micros is None else micros / 1e6


def in_words(delta: float) -> str:
    """Such as: 2 hours, 5 minutes."""
    parts = []
    for size, over, unit in ((86_400, 0, "day"), (3600, 24, "hour"), (60, 60, "minute"), (1, 60, "second")):
        n = int(delta // size) if not over else int(delta // size) % over
        if n:
            parts.append(f"{n} {unit}{'s' if n > 1 else ''}")
    return ", ".join(parts) or "0 seconds"
