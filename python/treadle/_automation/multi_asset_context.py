"""What the function of a multi-asset sensor is given."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._automation.asset_cursor import (
    NOTHING_CONSUMED,
    AssetCursor,
    advanced,
    all_materializations,
    cursor_at_latest,
    cursor_text,
    parse_cursor,
)
from treadle._automation.resolving import definitions_of
from treadle._automation.sensor_context import SensorEvaluationContext, definitions_given
from treadle._errors import CheckError, DagsterInvalidInvocationError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._assets.graph import AssetGraph
    from treadle._assets.selection import AssetSelection
    from treadle._partitions.definitions import PartitionsDefinition
    from treadle._run.instance import DagsterInstance
    from treadle._run.records import EventLogRecord


class MultiAssetSensorEvaluationContext(SensorEvaluationContext):
    """Materializations of the monitored assets that the sensor has not consumed yet. `advance_cursor` and
    `advance_all_cursors` say what it has; the cursor is written when its function has returned. What
    happened to other partitions before what was consumed stays available until it is consumed too.
    """

    def __init__(
        self,
        instance_ref: object | None,
        monitored_assets: Sequence[AssetKey] | AssetSelection,
        last_tick_completion_time: float | None = None,
        last_run_key: str | None = None,
        cursor: str | None = None,
        repository_name: str | None = None,
        repository_def: Any = None,
        instance: DagsterInstance | None = None,
        resource_defs: Mapping[str, Any] | None = None,
        definitions: Any = None,
        last_sensor_start_time: float | None = None,
        log_key: Sequence[str] | None = None,
        sensor_name: str | None = None,
        code_location_origin: object | None = None,
        last_completion_time: float | None = None,
    ) -> None:
        super().__init__(
            instance_ref,
            last_tick_completion_time,
            last_run_key,
            cursor,
            log_key,
            repository_name,
            repository_def,
            instance,
            sensor_name,
            resource_defs,
            definitions,
            last_sensor_start_time,
            code_location_origin,
            last_completion_time,
        )
        self._keys = monitored_keys(monitored_assets, self._definitions)
        self._cursors = parse_cursor(cursor)
        self._consumed: dict[AssetKey, dict[int, str | None]] = {}
        self._all_consumed = False
        self._known_graph: AssetGraph | None = None

    @property
    def asset_keys(self) -> Sequence[AssetKey]:
        return list(self._keys)

    @property
    def assets_defs_by_key(self) -> Mapping[AssetKey, Any]:
        """What makes each monitored asset; None for those made elsewhere."""
        graph = self._graph
        return {
            k: graph.get(k).assets_def if graph is not None and graph.has(k) else None for k in self._keys
        }

    # --- what is new

    def latest_materialization_records_by_key(
        self, asset_keys: Sequence[AssetKey] | None = None
    ) -> Mapping[AssetKey, EventLogRecord | None]:
        """The latest materialization of each asset after what was consumed; None where there is none."""
        from treadle._run.records import AssetRecordsFilter

        latest: dict[AssetKey, EventLogRecord | None] = {}
        for key in asset_keys if asset_keys is not None else self._keys:
            after = self._get_cursor(key).latest_consumed_event_id
            found = self.instance.fetch_materializations(AssetRecordsFilter(key, after_storage_id=after), 1)
            latest[key] = found.records[0] if found.records else None
        return latest

    def materialization_records_for_key(
        self, asset_key: AssetKey, limit: int | None = None
    ) -> Sequence[EventLogRecord]:
        """The materializations of an asset after what was consumed, oldest first."""
        from treadle._run.records import AssetRecordsFilter

        self._check(asset_key)
        after = self._get_cursor(asset_key).latest_consumed_event_id
        if not limit:
            return list(all_materializations(self.instance, asset_key, after))
        wanted = AssetRecordsFilter(asset_key, after_storage_id=after)
        return list(self.instance.fetch_materializations(wanted, limit, ascending=True).records)

    def get_trailing_unconsumed_events(self, asset_key: AssetKey) -> Sequence[EventLogRecord]:
        """The events before the latest consumed one that were not consumed, oldest first."""
        from treadle._run.records import AssetRecordsFilter

        places = list(self._get_cursor(asset_key).trailing_unconsumed_partitioned_event_ids.values())
        if not places:
            return []
        wanted = AssetRecordsFilter(asset_key, storage_ids=places)
        return list(self.instance.fetch_materializations(wanted, len(places), ascending=True).records)

    def latest_materialization_records_by_partition(
        self, asset_key: AssetKey, after_cursor_partition: bool | None = False
    ) -> Mapping[str, EventLogRecord]:
        """The latest unconsumed materialization of each partition, in the order they happened; with
        `after_cursor_partition` only of partitions that come after the cursor's.
        """
        self._check(asset_key)
        definition = self._partitions_def(asset_key)
        if definition is None:
            raise DagsterInvariantViolationError(
                "Cannot get latest materialization by partition for assets with no partitions"
            )
        cursor = self._get_cursor(asset_key)
        of = definition._set(None, self.instance)
        first = 0
        if after_cursor_partition and cursor.latest_consumed_event_partition is not None:
            first = of.index_of(cursor.latest_consumed_event_partition) + 1
        after = cursor.latest_consumed_event_id
        by_partition: dict[str, EventLogRecord] = {}
        for record in (
            *self.get_trailing_unconsumed_events(asset_key),
            *all_materializations(self.instance, asset_key, after),
        ):
            number = None if record.partition_key is None else of.find(record.partition_key)
            if record.partition_key is not None and number is not None and number >= first:
                by_partition.pop(record.partition_key, None)
                by_partition[record.partition_key] = record
        return by_partition

    def latest_materialization_records_by_partition_and_asset(
        self,
    ) -> Mapping[str, Mapping[AssetKey, EventLogRecord]]:
        """For each partition the latest unconsumed materialization of each asset. The assets must share their
        partitions.
        """
        definitions = [self._partitions_def(k) for k in self._keys]
        if not definitions or any(d is None or d != definitions[0] for d in definitions):
            raise DagsterInvalidInvocationError(
                "All assets must be partitioned and share the same partitions definition"
            )
        both: dict[str, dict[AssetKey, EventLogRecord]] = {}
        for key in self._keys:
            for partition, record in self.latest_materialization_records_by_partition(key).items():
                both.setdefault(partition, {})[key] = record
        return both

    # --- partitions

    def get_cursor_partition(self, asset_key: AssetKey | None) -> str | None:
        """The partition of the latest consumed event; without a key, of the only monitored asset."""
        if asset_key is None and len(self._keys) == 1:
            asset_key = self._keys[0]
        if asset_key is None:
            raise DagsterInvalidInvocationError("Asset key must be provided when multiple assets are defined")
        if asset_key not in self._keys:
            raise DagsterInvalidInvocationError(
                "Provided asset key must correspond to a provided asset: " + self._monitored()
            )
        return self._get_cursor(asset_key).latest_consumed_event_partition

    def all_partitions_materialized(
        self, asset_key: AssetKey, partitions: Sequence[str] | None = None
    ) -> bool:
        """Whether these partitions (or all) were ever materialized, consumed or not."""
        if partitions is not None and len(partitions) == 0:
            raise DagsterInvalidInvocationError("Must provide at least one partition in list")
        if partitions is None:
            if asset_key not in self._keys:
                raise DagsterInvariantViolationError(
                    f"Asset key {asset_key} not monitored by sensor. {self._monitored()}"
                )
            definition = self._partitions_def(asset_key)
            if definition is None:
                raise DagsterInvariantViolationError(
                    f"Asset key {asset_key} is not partitioned. Cannot check if partitions have been"
                    " materialized."
                )
            partitions = definition.get_partition_keys(dynamic_partitions_store=self.instance)
        made = self.instance.get_materialized_partitions(asset_key)
        return all(p in made for p in partitions)

    def get_downstream_partition_keys(
        self, partition_key: str, from_asset_key: AssetKey, to_asset_key: AssetKey
    ) -> Sequence[str]:
        """The partitions of a downstream asset that are made from a partition: by the mapping between the two
        assets, or the one that is inferred.
        """
        from treadle._partitions.mappings import infer_partition_mapping

        graph = self._graph
        for key in (to_asset_key, from_asset_key):
            if graph is None or not graph.has(key) or graph.get(key).assets_def is None:
                raise DagsterInvalidInvocationError(
                    f"Asset key {key} does not have an AssetDefinition in the definitions of this sensor."
                    " get_downstream_partition_keys needs both assets."
                )
        upstream, downstream = self._partitions_def(from_asset_key), self._partitions_def(to_asset_key)
        for key, definition in ((to_asset_key, downstream), (from_asset_key, upstream)):
            if definition is None:
                raise DagsterInvalidInvocationError(
                    f"Asset key {key} is not partitioned. Cannot get partition keys."
                )
        assert graph is not None
        assert upstream is not None
        assert downstream is not None
        deps = [d for d in graph.get(to_asset_key).spec.deps if d.asset_key == from_asset_key]
        given = deps[0].partition_mapping if deps else None
        all_upstream = upstream.subset_with_all_partitions(dynamic_partitions_store=self.instance)
        mapping = infer_partition_mapping(given, downstream, upstream)
        subset = mapping.get_downstream_partitions_for_partitions(
            all_upstream.empty_subset().with_partition_keys([partition_key]),
            upstream,
            downstream,
            dynamic_partitions_store=self.instance,
        )
        return list(subset.get_partition_keys())

    # --- what is consumed

    def advance_cursor(
        self, materialization_records_by_key: Mapping[AssetKey, EventLogRecord | None]
    ) -> None:
        """These have been consumed, and what came before them of the same partition."""
        for key, record in materialization_records_by_key.items():
            self._check(key)
            if record is not None:
                self._consumed.setdefault(key, {})[record.storage_id] = record.partition_key
        self._cursor_updated = True

    def advance_all_cursors(self) -> None:
        """Everything there is now has been consumed, what trails behind included."""
        self.advance_cursor(self.latest_materialization_records_by_key())
        self._all_consumed = True

    def update_cursor_after_evaluation(self) -> None:
        """Writes what was consumed to the cursor: done when the function has returned."""
        if not self._consumed and not self._all_consumed:
            return
        cursors = {}
        for key in self._keys:
            before, consumed = self._get_cursor(key), self._consumed.get(key, {})
            if self._all_consumed:
                latest = max(consumed, default=before.latest_consumed_event_id or 0)
                cursors[str(key)] = AssetCursor(
                    consumed.get(latest, before.latest_consumed_event_partition), latest or None, {}
                )
            else:
                trailing = self.get_trailing_unconsumed_events(key) if consumed else ()
                cursors[str(key)] = advanced(key, before, consumed, trailing, self.instance)
        self._cursor, self._cursors = cursor_text(cursors), cursors
        self._consumed, self._all_consumed = {}, False

    # --- helpers

    def _get_cursor(self, asset_key: AssetKey) -> AssetCursor:
        return self._cursors.get(str(asset_key), NOTHING_CONSUMED)

    @property
    def _graph(self) -> AssetGraph | None:
        if self._known_graph is None and self._definitions is not None:
            self._known_graph = definitions_of(self._definitions).resolve_asset_graph()
        return self._known_graph

    def _partitions_def(self, key: AssetKey) -> PartitionsDefinition | None:
        graph = self._graph
        if graph is None:
            raise DagsterInvalidInvocationError(
                "What partitions the assets have is known to their definitions: give"
                " build_multi_asset_sensor_context(definitions=...)."
            )
        return graph.get(key).spec.partitions_def if graph.has(key) else None

    def _check(self, key: AssetKey) -> None:
        if key not in self._keys:
            raise DagsterInvalidInvocationError(
                f"Asset key {key} not monitored in sensor definition. {self._monitored()}"
            )

    def _monitored(self) -> str:
        return f"It monitors: {', '.join(k.to_user_string() for k in self._keys)}."


def monitored_keys(monitored: Sequence[AssetKey] | AssetSelection, definitions: Any) -> list[AssetKey]:
    from treadle._assets.selection import AssetSelection

    if not isinstance(monitored, AssetSelection):
        return [AssetKey.from_coercible(k) for k in monitored]
    if definitions is None:
        raise CheckError("monitored_assets is an AssetSelection: give the definitions it selects from.")
    selected = definitions_of(definitions)._core().select(monitored._text)
    return [AssetKey.from_user_string(k) for k in selected]


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
    """A context for calling multi-asset sensors in tests; with `cursor_from_latest_materializations` of a
    sensor that has consumed everything there is.
    """
    where = definitions_given(definitions, repository_def)
    if cursor_from_latest_materializations:
        if cursor:
            raise DagsterInvalidInvocationError(
                "Cannot provide both cursor and cursor_from_latest_materializations objects: the second says"
                " what the cursor is."
            )
        if instance is None:
            raise DagsterInvalidInvocationError(
                "Cannot provide cursor_from_latest_materializations object without a Dagster instance."
            )
        cursor = cursor_at_latest(monitored_keys(monitored_assets, where), instance)
    return MultiAssetSensorEvaluationContext(
        None,
        monitored_assets,
        cursor=cursor,
        repository_name=repository_name,
        instance=instance,
        resource_defs=resources,
        definitions=where,
        last_sensor_start_time=last_sensor_start_time,
    )
