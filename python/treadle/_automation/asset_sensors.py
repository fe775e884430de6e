"""Sensors on materializations: of one asset, of several."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._automation.functions import EvaluationFunction, as_list
from treadle._automation.requests import SensorResult, SkipReason
from treadle._automation.sensors import (
    DefaultSensorStatus,
    SensorDefinition,
    SensorEvaluationContext,
    SensorType,
)
from treadle._errors import DagsterInvalidDefinitionError, DagsterInvalidInvocationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._assets.selection import AssetSelection
    from treadle._run.instance import DagsterInstance
    from treadle._run.records import EventLogRecord
    from treadle._typing import UserFn


class AssetSensorDefinition(SensorDefinition):
    """Calls its function for the latest materialization of an asset, once for each that is new."""

    _type = SensorType.ASSET

    def __init__(
        self,
        name: str,
        asset_key: AssetKey,
        job_name: str | None,
        asset_materialization_fn: UserFn,
        **rest: Any,
    ) -> None:
        function = EvaluationFunction(asset_materialization_fn, f"Sensor '{name}'", most=2)
        super().__init__(name, evaluation_fn=function, job_name=job_name, **rest)
        self._asset_key = AssetKey.from_coercible(asset_key)

    @property
    def asset_key(self) -> AssetKey:
        return self._asset_key

    def _call(self, context: Any, given: Mapping[str, Any] | None = None) -> Any:
        """Only the latest one counts; the cursor is its place in the record."""
        after = int(context.cursor) if (context.cursor or "").isdigit() else 0
        latest = context.instance.get_latest_materialization_event(self._asset_key)
        if latest is None or latest.storage_id <= after:
            return SkipReason(f"No new materialization events found for asset key {self._asset_key}")
        names = self._function.names
        by_name = {"context": context, "asset_event": latest}
        # Of a single parameter its name says what is meant, as in Dagster.
        if len(names) == 1 and names[0] not in ("context", "_context", "_"):
            told = as_list(self._function.call(latest, given=given))
        else:
            told = as_list(self._function.call(*by_name.values(), given=given))
        result = next((t for t in told if isinstance(t, SensorResult)), None)
        if result is not None and result.cursor:
            raise DagsterInvalidDefinitionError(
                f"Asset sensor '{self.name}' keeps its own cursor: leave SensorResult.cursor out."
            )
        context.update_cursor(str(latest.storage_id))
        return told


def asset_sensor(
    asset_key: AssetKey,
    *,
    job_name: str | None = None,
    name: str | None = None,
    minimum_interval_seconds: int | None = None,
    description: str | None = None,
    job: Any = None,
    jobs: Sequence[Any] | None = None,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    required_resource_keys: set[str] | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Callable[[UserFn], AssetSensorDefinition]:
    """Declares a sensor called with each new materialization of an asset: `fn(context, asset_event)`."""

    def decorate(fn: UserFn) -> AssetSensorDefinition:
        return AssetSensorDefinition(
            name or fn.__name__,
            asset_key,
            job_name,
            fn,
            minimum_interval_seconds=minimum_interval_seconds,
            description=description if description is not None else fn.__doc__,
            job=job,
            jobs=jobs,
            default_status=default_status,
            required_resource_keys=required_resource_keys,
            tags=tags,
            metadata=metadata,
        )

    return decorate


class MultiAssetSensorEvaluationContext(SensorEvaluationContext):
    """Materializations of the monitored assets that the sensor has not consumed yet. The cursor says for each
    asset how far it has.
    """

    def __init__(
        self,
        instance: DagsterInstance | None,
        cursor: str | None,
        monitored: Sequence[AssetKey],
        resources: Mapping[str, Any] | None,
        definitions: Any = None,
        sensor_name: str | None = None,
    ) -> None:
        super().__init__(instance, cursor, resources, definitions, sensor_name)
        self._keys = list(monitored)
        import json

        self._places: dict[str, int] = json.loads(cursor) if cursor else {}
        self._advanced: dict[str, int] = {}

    @property
    def asset_keys(self) -> Sequence[AssetKey]:
        return list(self._keys)

    def _after(self, key: AssetKey) -> int:
        return self._places.get(key.to_user_string(), 0)

    def materialization_records_for_key(
        self, asset_key: AssetKey, limit: int | None = None
    ) -> Sequence[EventLogRecord]:
        """The unconsumed materializations of an asset, oldest first."""
        from treadle._run.records import AssetRecordsFilter

        self._check(asset_key)
        wanted = AssetRecordsFilter(asset_key=asset_key, after_storage_id=self._after(asset_key))
        found = self.instance.fetch_materializations(wanted, limit=limit or 10_000, ascending=True)
        return list(found.records)

    def latest_materialization_records_by_key(
        self, asset_keys: Sequence[AssetKey] | None = None
    ) -> Mapping[AssetKey, EventLogRecord | None]:
        """The latest unconsumed materialization of each asset; None where there is none."""
        latest: dict[AssetKey, EventLogRecord | None] = {}
        for key in asset_keys if asset_keys is not None else self._keys:
            records = self.materialization_records_for_key(key)
            latest[key] = records[-1] if records else None
        return latest

    def latest_materialization_records_by_partition(
        self, asset_key: AssetKey, after_cursor_partition: bool | None = False
    ) -> Mapping[str, EventLogRecord]:
        """The latest unconsumed materialization of each partition, in order."""
        by_partition: dict[str, EventLogRecord] = {}
        for record in self.materialization_records_for_key(asset_key):
            if record.partition_key is not None:
                by_partition.pop(record.partition_key, None)
                by_partition[record.partition_key] = record
        return by_partition

    def latest_materialization_records_by_partition_and_asset(
        self,
    ) -> Mapping[str, Mapping[AssetKey, EventLogRecord]]:
        both: dict[str, dict[AssetKey, EventLogRecord]] = {}
        for key in self._keys:
            for partition, record in self.latest_materialization_records_by_partition(key).items():
                both.setdefault(partition, {})[key] = record
        return both

    def get_trailing_unconsumed_events(self, asset_key: AssetKey) -> Sequence[EventLogRecord]:
        return self.materialization_records_for_key(asset_key)

    def advance_cursor(
        self, materialization_records_by_key: Mapping[AssetKey, EventLogRecord | None]
    ) -> None:
        """These have been consumed, and all before them."""
        for key, record in materialization_records_by_key.items():
            self._check(key)
            if record is not None:
                self._advanced[key.to_user_string()] = record.storage_id
        self._write()

    def advance_all_cursors(self) -> None:
        """Everything there is now has been consumed."""
        self.advance_cursor(self.latest_materialization_records_by_key())

    def _write(self) -> None:
        import json

        self.update_cursor(json.dumps({**self._places, **self._advanced}, sort_keys=True))

    def _check(self, key: AssetKey) -> None:
        if key not in self._keys:
            raise DagsterInvalidInvocationError(
                f"Asset key {key} is not monitored in sensor definition. It monitors:"
                f" {', '.join(k.to_user_string() for k in self._keys)}."
            )


class MultiAssetSensorDefinition(SensorDefinition):
    """Calls its function with what is new of several assets."""

    _type = SensorType.MULTI_ASSET
    _context_class = MultiAssetSensorEvaluationContext

    def __init__(
        self,
        name: str,
        monitored_assets: Sequence[AssetKey] | AssetSelection,
        job_name: str | None,
        asset_materialization_fn: UserFn,
        request_assets: AssetSelection | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(
            name,
            evaluation_fn=asset_materialization_fn,
            job_name=job_name,
            asset_selection=request_assets,
            **rest,
        )
        self._monitored = monitored_assets

    @property
    def monitored_assets(self) -> Sequence[AssetKey] | AssetSelection:
        return self._monitored

    def evaluate_tick(self, context: Any) -> Any:
        if not isinstance(context, MultiAssetSensorEvaluationContext):
            context = build_multi_asset_sensor_context(
                monitored_assets=self._monitored,
                instance=context._instance,
                cursor=context.cursor,
                resources=context._given_resources,
                definitions=context.repository_def,
            )
        return super().evaluate_tick(context)


def multi_asset_sensor(
    monitored_assets: Sequence[AssetKey] | AssetSelection,
    *,
    job_name: str | None = None,
    name: str | None = None,
    minimum_interval_seconds: int | None = None,
    description: str | None = None,
    job: Any = None,
    jobs: Sequence[Any] | None = None,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    request_assets: AssetSelection | None = None,
    required_resource_keys: set[str] | None = None,
    tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Callable[[UserFn], MultiAssetSensorDefinition]:
    """Declares a sensor on several assets. The function says what it has consumed, with
    `context.advance_cursor` or `context.advance_all_cursors`.
    """

    def decorate(fn: UserFn) -> MultiAssetSensorDefinition:
        return MultiAssetSensorDefinition(
            name or fn.__name__,
            monitored_assets,
            job_name,
            fn,
            request_assets,
            minimum_interval_seconds=minimum_interval_seconds,
            description=description if description is not None else fn.__doc__,
            job=job,
            jobs=jobs,
            default_status=default_status,
            required_resource_keys=required_resource_keys,
            tags=tags,
            metadata=metadata,
        )

    return decorate


def build_multi_asset_sensor_context(
    *,
    monitored_assets: Sequence[AssetKey] | AssetSelection,
    repository_def: object | None = None,
    instance: DagsterInstance | None = None,
    cursor: str | None = None,
    repository_name: str | None = None,
    cursor_from_latest_materializations: bool = False,
    resources: Mapping[str, object] | None = None,
    definitions: Any = None,
    last_sensor_start_time: float | None = None,
) -> MultiAssetSensorEvaluationContext:
    """A context for calling multi-asset sensors in tests."""
    from treadle._assets.selection import AssetSelection

    if isinstance(monitored_assets, AssetSelection):
        if definitions is None:
            raise DagsterInvalidInvocationError(
                "monitored_assets is an AssetSelection: give the definitions it selects from."
            )
        keys = [AssetKey.from_user_string(k) for k in definitions._core().select(monitored_assets._text)]
    else:
        keys = [AssetKey.from_coercible(k) for k in monitored_assets]
    context = MultiAssetSensorEvaluationContext(
        instance, cursor, keys, resources, definitions or repository_def
    )
    if cursor_from_latest_materializations:
        context.advance_all_cursors()
        context = MultiAssetSensorEvaluationContext(
            instance, context.cursor, keys, resources, definitions or repository_def
        )
    return context
