"""What DagsterInstance says of events and assets."""

from __future__ import annotations

from treadle import _clock
from treadle._assets.keys import AssetKey
from treadle._errors import CheckError, DagsterInvariantViolationError
from treadle._events.dagster_event import DagsterEvent, DagsterEventType
from treadle._run.records import (
    AssetEntry,
    AssetRecord,
    AssetRecordsFilter,
    EventLogConnection,
    EventLogRecord,
    EventRecordsFilter,
    EventRecordsResult,
    RunStatusChangeRecordsFilter,
    _place,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle import _core
    from treadle._assets.keys import AssetCheckKey
    from treadle._run.instance import EventLogEntry
    from treadle._run.run_stats import DagsterRunStatsSnapshot, RunStepKeyStatsSnapshot


class InstanceEvents:
    """The part of DagsterInstance that reads events and assets."""

    _home: _core.Home

    # --- events

    def all_logs(
        self, run_id: str, of_type: DagsterEventType | set[DagsterEventType] | None = None
    ) -> Sequence[EventLogEntry]:
        """Every event of a run, in order."""
        return [r.event_log_entry for r in self._of_run(run_id, of_type)]

    get_logs_for_run = all_logs

    def get_run_stats(self, run_id: str) -> DagsterRunStatsSnapshot:
        """How many of its steps have succeeded and failed, and what it made."""
        from treadle._run.run_stats import of_run

        return of_run(run_id, self.all_logs(run_id))

    def get_run_step_stats(
        self, run_id: str, step_keys: Sequence[str] | None = None
    ) -> Sequence[RunStepKeyStatsSnapshot]:
        """Where each step of a run is, or each of these steps."""
        from treadle._run.run_stats import of_steps

        found = of_steps(run_id, self.all_logs(run_id))
        return [s for s in found if step_keys is None or s.step_key in step_keys]

    def logs_after(
        self,
        run_id: str,
        cursor: int | None = None,
        of_type: DagsterEventType | None = None,
        limit: int | None = None,
    ) -> Sequence[EventLogEntry]:
        found = self._of_run(run_id, of_type)
        after = [r.event_log_entry for r in found if cursor is None or r.storage_id > cursor]
        return after[:limit] if limit else after

    def get_records_for_run(
        self,
        run_id: str,
        cursor: str | None = None,
        of_type: DagsterEventType | set[DagsterEventType] | None = None,
        limit: int | None = None,
        ascending: bool = True,
    ) -> EventLogConnection:
        found = self._of_run(run_id, of_type)
        if not ascending:
            found.reverse()
        if cursor is not None:
            at = int(cursor)
            found = [r for r in found if (r.storage_id > at if ascending else r.storage_id < at)]
        kept = found[:limit] if limit else found
        last = str(kept[-1].storage_id) if kept else cursor or "-1"
        return EventLogConnection(kept, last, len(kept) < len(found))

    def _of_run(
        self, run_id: str, of_type: DagsterEventType | set[DagsterEventType] | None
    ) -> list[EventLogRecord]:
        if self._home.find_run(run_id) is None:
            return []
        return [
            _record(raw, self._home)
            for raw in self._home.events(run_id, "", _type_names(of_type), 0, 0, False)
        ]

    def get_event_records(
        self,
        event_records_filter: EventRecordsFilter,
        limit: int | None = None,
        ascending: bool = False,
    ) -> Sequence[EventLogRecord]:
        """The events that a filter means, newest first unless `ascending`."""
        f = event_records_filter
        if not isinstance(f, EventRecordsFilter):
            raise CheckError(f'Param "event_records_filter" is not a EventRecordsFilter. Got {f!r}')
        narrowed = (f.asset_partitions, f.after_timestamp, f.before_timestamp, f.storage_ids)
        raw = self._home.events(
            "",
            f.asset_key.to_user_string() if f.asset_key is not None else "",
            [f.event_type.name],
            _place(f.after_cursor) or 0,
            limit if limit and all(n is None for n in narrowed) else 0,
            not ascending,
            _place(f.before_cursor) or 0,
        )
        records = []
        for one in raw:
            record = _record(one, self._home)
            if (
                (f.asset_partitions is None or record.partition_key in f.asset_partitions)
                and (f.after_timestamp is None or record.timestamp > f.after_timestamp)
                and (f.before_timestamp is None or record.timestamp < f.before_timestamp)
                and (f.storage_ids is None or record.storage_id in f.storage_ids)
            ):
                records.append(record)
        return records[:limit] if limit else records

    def _fetch(
        self, wanted: EventRecordsFilter, limit: int, cursor: str | None, ascending: bool
    ) -> EventRecordsResult:
        if cursor is not None:
            field = "after_cursor" if ascending else "before_cursor"
            wanted = wanted._replace(**{field: _cursor_id(cursor)})
        found = self.get_event_records(wanted, limit + 1, ascending)
        records = list(found[:limit])
        last = cursor_of(records[-1].storage_id) if records else cursor or cursor_of(-1)
        return EventRecordsResult(records, last, len(found) > limit)

    def fetch_materializations(
        self,
        records_filter: AssetKey | AssetRecordsFilter,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        """The materializations of an asset, newest first unless `ascending`."""
        return self._fetch(
            _of_asset(records_filter, DagsterEventType.ASSET_MATERIALIZATION), limit, cursor, ascending
        )

    def fetch_observations(
        self,
        records_filter: AssetKey | AssetRecordsFilter,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        """The observations of an asset, newest first unless `ascending`."""
        return self._fetch(
            _of_asset(records_filter, DagsterEventType.ASSET_OBSERVATION), limit, cursor, ascending
        )

    def fetch_planned_materializations(
        self,
        records_filter: AssetKey | AssetRecordsFilter,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        return self._fetch(
            _of_asset(records_filter, DagsterEventType.ASSET_MATERIALIZATION_PLANNED),
            limit,
            cursor,
            ascending,
        )

    def fetch_run_status_changes(
        self,
        records_filter: DagsterEventType | RunStatusChangeRecordsFilter,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        """When runs came to a status, newest first unless `ascending`."""
        if isinstance(records_filter, RunStatusChangeRecordsFilter):
            wanted = records_filter.of_type()
        else:
            wanted = EventRecordsFilter(records_filter)
        return self._fetch(wanted, limit, cursor, ascending)

    # --- assets

    def all_asset_keys(self) -> Sequence[AssetKey]:
        return [AssetKey.from_user_string(k) for k in self._home.asset_keys()]

    def get_asset_keys(
        self, prefix: Sequence[str] | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Sequence[AssetKey]:
        """The keys of all assets ever materialized or observed, those below a prefix when given."""
        keys = sorted(self.all_asset_keys(), key=lambda k: k.to_string())
        if prefix is not None:
            keys = [k for k in keys if k.has_prefix(list(prefix))]
        if cursor is not None:
            keys = [k for k in keys if k.to_string() > cursor]
        return keys[:limit] if limit else keys

    def has_asset_key(self, asset_key: AssetKey) -> bool:
        return asset_key.to_user_string() in self._home.asset_keys()

    def get_asset_records(self, asset_keys: Sequence[AssetKey] | None = None) -> Sequence[AssetRecord]:
        """What the record knows of these assets, or of all."""
        known = set(self._home.asset_keys())
        wanted = self.all_asset_keys() if asset_keys is None else asset_keys
        return [
            AssetRecord(number, AssetEntry(key, self._latest(key, True), self._latest(key, False)))
            for number, key in enumerate(wanted, 1)
            if key.to_user_string() in known
        ]

    def _latest(self, key: AssetKey, materialized: bool) -> EventLogRecord | None:
        fetch = self.fetch_materializations if materialized else self.fetch_observations
        found = fetch(key, 1).records
        return found[0] if found else None

    def get_latest_data_version_record(
        self,
        key: AssetKey,
        is_source: bool | None = None,
        partition_key: str | None = None,
        before_cursor: int | None = None,
        after_cursor: int | None = None,
    ) -> EventLogRecord | None:
        """The latest materialization of an asset or, of a source asset, the latest observation."""
        wanted = AssetRecordsFilter(
            key,
            [partition_key] if partition_key else None,
            before_storage_id=before_cursor,
            after_storage_id=after_cursor,
        )
        if is_source is not True:
            records = self.fetch_materializations(wanted, 1).records
            if records or is_source is False:
                return records[0] if records else None
        seen = self.fetch_observations(wanted, 1).records
        return seen[0] if seen else None

    def get_latest_materialization_event(self, asset_key: AssetKey) -> EventLogEntry | None:
        latest = self._latest(asset_key, True)
        return latest.event_log_entry if latest is not None else None

    def get_latest_materialization_events(
        self, asset_keys: Sequence[AssetKey]
    ) -> Mapping[AssetKey, EventLogEntry | None]:
        return {k: self.get_latest_materialization_event(k) for k in asset_keys}

    def get_materialized_partitions(
        self,
        asset_key: AssetKey,
        before_cursor: int | None = None,
        after_cursor: int | None = None,
    ) -> set[str]:
        wanted = AssetRecordsFilter(
            asset_key, before_storage_id=before_cursor, after_storage_id=after_cursor
        ).of_type(DagsterEventType.ASSET_MATERIALIZATION)
        return {r.partition_key for r in self.get_event_records(wanted) if r.partition_key is not None}

    def get_latest_asset_check_evaluation_record(self, asset_check_key: AssetCheckKey) -> Any:
        """The latest result of a check."""
        wanted = EventRecordsFilter(DagsterEventType.ASSET_CHECK_EVALUATION, asset_check_key.asset_key)
        for record in self.get_event_records(wanted):
            evaluation = record.event_log_entry._event.event_specific_data
            if evaluation.check_name == asset_check_key.name:
                return record
        return None

    def wipe_assets(self, asset_keys: Sequence[AssetKey]) -> None:
        """Forgets that these assets were ever materialized or observed."""
        for key in asset_keys:
            if not isinstance(key, AssetKey):
                raise CheckError(f'Param "asset_keys" holds {key!r}, which is no AssetKey.')
        for key in asset_keys:
            self._home.wipe_asset(key.to_user_string())

    def report_runless_asset_event(self, asset_event: Any) -> None:
        """Records a materialization, an observation or a check's result that no run made."""
        from treadle._events.events import AssetCheckEvaluation, AssetMaterialization, AssetObservation
        from treadle._run.context import report_evaluation, report_fact

        _clock.sync()
        if isinstance(asset_event, AssetCheckEvaluation):
            report_evaluation(self._home, asset_event)
        elif isinstance(asset_event, (AssetMaterialization, AssetObservation)):
            report_fact(self._home, asset_event)
        else:
            raise DagsterInvariantViolationError(
                f"Received unexpected asset event type {asset_event}, expected AssetMaterialization,"
                " AssetObservation, AssetCheckEvaluation, FreshnessStateEvaluation or FreshnessStateChange"
            )


def cursor_of(storage_id: int) -> str:
    """A cursor as text, as Dagster writes it: base64 of JSON."""
    import base64
    import json

    return base64.b64encode(
        json.dumps({"__class__": "StorageIdCursor", "storage_id": storage_id}).encode()
    ).decode()


def _cursor_id(cursor: str) -> int:
    import base64
    import json

    try:
        return int(json.loads(base64.b64decode(cursor))["storage_id"])
    except (ValueError, KeyError, TypeError):
        if cursor.lstrip("-").isdigit():
            return int(cursor)
        raise CheckError(f"{cursor!r} is no cursor: give the `cursor` of an earlier result.") from None


def _of_asset(given: AssetKey | AssetRecordsFilter, event_type: DagsterEventType) -> EventRecordsFilter:
    if isinstance(given, AssetRecordsFilter):
        return given.of_type(event_type)
    if not isinstance(given, AssetKey):
        raise CheckError(f'Param "records_filter" is neither an AssetKey nor a filter: {given!r}')
    return EventRecordsFilter(event_type, given)


def _record(raw: Any, home: Any) -> EventLogRecord:
    from treadle._run.instance import EventLogEntry

    event = DagsterEvent.of(raw, "", home)
    return EventLogRecord(event.event_id, EventLogEntry(event))


def _type_names(of_type: DagsterEventType | set[DagsterEventType] | None) -> list[str]:
    if of_type is None:
        return []
    return [t.name for t in of_type] if isinstance(of_type, (set, frozenset, list, tuple)) else [of_type.name]
