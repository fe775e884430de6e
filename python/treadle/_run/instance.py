"""DagsterInstance: an open home. What it keeps can be read through it, and runs write to it."""

from __future__ import annotations

import os
from enum import Enum

from treadle._assets.keys import AssetKey
from treadle._errors import CheckError, DagsterInvalidDefinitionError
from treadle._events.dagster_event import DagsterEvent
from treadle._events.events import AssetMaterialization, AssetObservation, DataVersion
from treadle._events.record import Record
from treadle._run.instance_events import InstanceEvents
from treadle._run.pools import Pools
from treadle._run.records import KeyValues, RunRecord
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from treadle import _core
    from treadle._events.dagster_event import DagsterEventType
    from treadle._typing import CoercibleToAssetKey


class DagsterRunStatus(Enum):
    QUEUED = "QUEUED"
    NOT_STARTED = "NOT_STARTED"
    MANAGED = "MANAGED"
    STARTING = "STARTING"
    STARTED = "STARTED"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"


class DagsterRun(Record):
    """A run as the record keeps it."""

    __slots__ = _fields = (
        "job_name",
        "run_id",
        "run_config",
        "status",
        "tags",
        "root_run_id",
        "parent_run_id",
        "step_keys",
        "selection",
    )
    job_name: str
    run_id: str
    run_config: Mapping[str, Any]
    status: DagsterRunStatus
    tags: Mapping[str, str]
    root_run_id: str | None
    parent_run_id: str | None
    step_keys: Sequence[str]
    selection: str

    def __init__(
        self,
        job_name: str,
        run_id: str,
        run_config: Mapping[str, Any] | None = None,
        status: DagsterRunStatus = DagsterRunStatus.NOT_STARTED,
        tags: Mapping[str, str] | None = None,
        root_run_id: str | None = None,
        parent_run_id: str | None = None,
        step_keys: Sequence[str] = (),
        selection: str = "",
        *,
        asset_selection: AbstractSet[AssetKey] | None = None,
    ) -> None:
        if asset_selection is not None:
            selection = " or ".join(sorted(f'key:"{key.to_user_string()}"' for key in asset_selection))
        self.job_name = job_name
        self.run_id = run_id
        self.run_config = dict(run_config or {})
        self.status = status
        self.tags = dict(tags or {})
        self.root_run_id = root_run_id
        self.parent_run_id = parent_run_id
        self.step_keys = list(step_keys)
        self.selection = selection

    @property
    def is_success(self) -> bool:
        return self.status is DagsterRunStatus.SUCCESS

    @property
    def is_failure(self) -> bool:
        return self.status is DagsterRunStatus.FAILURE

    @property
    def is_finished(self) -> bool:
        return self.status in (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)

    @property
    def is_failure_or_canceled(self) -> bool:
        return self.status in (DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)

    @property
    def is_cancelable(self) -> bool:
        return self.status in (DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.QUEUED)

    @property
    def is_resume_retry(self) -> bool:
        """Whether it was run again from a failure."""
        return self.tags.get("dagster/is_resume_retry") == "true"

    @property
    def is_partitioned(self) -> bool:
        names = ("dagster/partition", "dagster/asset_partition_range_start")
        return any(name in self.tags for name in names)

    @property
    def previous_run_id(self) -> str | None:
        """The run that it executes again."""
        return self.parent_run_id

    @property
    def step_keys_to_execute(self) -> Sequence[str] | None:
        return list(self.step_keys) or None

    @property
    def asset_selection(self) -> AbstractSet[AssetKey] | None:
        """The assets that it was asked for by their keys; None when by other words, or for all."""
        keys = [text[5:-1] for text in self.selection.split(" or ") if text.startswith('key:"')]
        if not keys or len(keys) != self.selection.count(" or ") + 1 or any("*" in key for key in keys):
            return None
        return frozenset(AssetKey.from_user_string(key) for key in keys)

    @property
    def dagster_execution_info(self) -> Mapping[str, str]:
        """What to call the run in other systems: labels for what it starts there."""
        told = {"dagster/run-id": self.run_id, "dagster/job": self.job_name}
        for name in ("dagster/user", "dagster/partition"):
            if name in self.tags:
                told[name] = self.tags[name]
        return told

    def with_tags(self, tags: Mapping[str, str]) -> DagsterRun:
        return self._replace(tags=dict(tags))

    def with_status(self, status: DagsterRunStatus) -> DagsterRun:
        return self._replace(status=status)

    @staticmethod
    def _from_core(raw: tuple[Any, ...]) -> DagsterRun:
        run_id, job_name, status, tags, step_keys, run_config, root, parent = raw[:8]
        config = {}
        if run_config:
            import json

            config = json.loads(run_config)
        return DagsterRun(
            job_name,
            run_id,
            config,
            DagsterRunStatus(status),
            tags,
            root or None,
            parent or None,
            step_keys,
            raw[12],
        )


class RunsFilter(Record):
    """Which runs: all conditions must hold. A tag may have one of several values."""

    __slots__ = _fields = (
        "run_ids",
        "job_name",
        "statuses",
        "tags",
        "updated_after",
        "updated_before",
        "created_after",
        "created_before",
    )

    def __init__(
        self,
        run_ids: Sequence[str] | None = None,
        job_name: str | None = None,
        statuses: Sequence[DagsterRunStatus] | None = None,
        tags: Mapping[str, str | Sequence[str]] | None = None,
        snapshot_id: str | None = None,
        updated_after: datetime | None = None,
        updated_before: datetime | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        exclude_subruns: bool | None = None,
    ) -> None:
        if run_ids is not None and len(run_ids) == 0:
            raise CheckError(
                "Invariant failed. Description: When filtering on run ids, a non-empty list must be used."
            )
        self.run_ids = list(run_ids) if run_ids is not None else None
        self.job_name = job_name
        self.statuses = list(statuses or ())
        self.tags = dict(tags or {})
        self.updated_after = updated_after
        self.updated_before = updated_before
        self.created_after = created_after
        self.created_before = created_before

    def _fits(self, record: RunRecord) -> bool:
        """Of the conditions that the record is not asked for itself."""
        run = record.dagster_run
        if self.run_ids is not None and run.run_id not in self.run_ids:
            return False
        for key, values in self.tags.items():
            if not isinstance(values, str) and run.tags.get(key) not in values:
                return False
        for limit, time, later in (
            (self.updated_after, record.update_timestamp, True),
            (self.updated_before, record.update_timestamp, False),
            (self.created_after, record.create_timestamp, True),
            (self.created_before, record.create_timestamp, False),
        ):
            if limit is None:
                continue
            at = limit.timestamp()
            if (time.timestamp() <= at) if later else (time.timestamp() >= at):
                return False
        return True


def _run_record(raw: tuple[Any, ...]) -> RunRecord:
    from datetime import datetime, timezone

    number, created, started, finished = raw[8:12]
    updated = max(created, started, finished)
    return RunRecord(
        number,
        DagsterRun._from_core(raw),
        datetime.fromtimestamp(created / 1e6, timezone.utc),
        datetime.fromtimestamp(updated / 1e6, timezone.utc),
        started / 1e6 if started else None,
        finished / 1e6 if finished else None,
    )


class EventLogEntry:
    """An event with where it is in the record. `dagster_event` is None for a log line of user code."""

    __slots__ = ("_event",)

    def __init__(self, event: DagsterEvent) -> None:
        self._event = event

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EventLogEntry) and other._event == self._event

    def __hash__(self) -> int:
        return hash(self._event)

    def __repr__(self) -> str:
        return f"EventLogEntry({self._event!r})"

    @property
    def dagster_event(self) -> DagsterEvent | None:
        return None if self._event._name == "LOG" else self._event

    @property
    def is_dagster_event(self) -> bool:
        return self._event._name != "LOG"

    def get_dagster_event(self) -> DagsterEvent:
        if self._event._name == "LOG":
            raise CheckError("Not a dagster event, check is_dagster_event before calling get_dagster_event")
        return self._event

    @property
    def dagster_event_type(self) -> DagsterEventType | None:
        return None if self._event._name == "LOG" else self._event.event_type

    @property
    def user_message(self) -> str:
        return self._event.message

    @property
    def message(self) -> str:
        return self._event.message

    @property
    def level(self) -> int:
        return self._event.log_level

    @property
    def run_id(self) -> str:
        return self._event.run_id

    @property
    def step_key(self) -> str | None:
        return self._event.step_key

    @property
    def timestamp(self) -> float:
        return self._event.timestamp

    @property
    def storage_id(self) -> int:
        return self._event.event_id

    @property
    def asset_materialization(self) -> AssetMaterialization | None:
        return self._event.materialization if self._event._name == "ASSET_MATERIALIZATION" else None

    @property
    def asset_observation(self) -> AssetObservation | None:
        return (
            self._event.event_specific_data.asset_observation
            if self._event._name == "ASSET_OBSERVATION"
            else None
        )


class DataProvenance(Record):
    """What a materialization was computed from."""

    __slots__ = _fields = ("code_version", "input_data_versions", "is_user_provided")

    def __init__(
        self, code_version: str, input_data_versions: Mapping[AssetKey, DataVersion], is_user_provided: bool
    ) -> None:
        self.code_version = code_version
        self.input_data_versions = dict(input_data_versions)
        self.is_user_provided = is_user_provided


class DagsterInstance(InstanceEvents, Pools):
    """An open home folder: the record of runs and events, and the store of what they made."""

    def __init__(self, home: _core.Home, ephemeral: bool = False) -> None:
        self._home = home
        self._is_ephemeral = ephemeral
        self._settings: dict[str, Any] | None = {} if ephemeral else None

    @staticmethod
    def get() -> DagsterInstance:
        """The home of TREADLE_HOME, DAGSTER_HOME or the project (`.treadle`); made on first use."""
        from treadle import _core

        return DagsterInstance(_core.Home(""))

    @staticmethod
    def ephemeral(
        tempdir: str | None = None, preload: object | None = None, settings: object | None = None
    ) -> DagsterInstance:
        """A home that is gone when nobody holds it any more."""
        from treadle import _core

        return DagsterInstance(_core.Home("", durability="off", temporary=True), ephemeral=True)

    @staticmethod
    def local_temp(tempdir: str | None = None, overrides: Mapping[str, Any] | None = None) -> DagsterInstance:
        """A home in `tempdir` (which stays), or in a temporary folder (which goes)."""
        from treadle import _core

        home = _core.Home("", temporary=True) if tempdir is None else _core.Home(os.fspath(tempdir))
        instance = DagsterInstance(home)
        if overrides is not None:
            instance._set_overrides(overrides)
        return instance

    @staticmethod
    def from_home(
        path: str | os.PathLike[str], *, durability: str = "normal", read_only: bool = False
    ) -> DagsterInstance:
        """The home in this folder. Durability: "full" | "normal" | "off"; see docs/storage.md."""
        from treadle import _core

        return DagsterInstance(_core.Home(os.fspath(path), durability=durability, read_only=read_only))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        cls: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.dispose()

    def dispose(self) -> None:
        """Nothing to do: a home closes when nobody holds it any more."""

    def __repr__(self) -> str:
        return f"<DagsterInstance {self._home.path!r}>"

    @property
    def root_directory(self) -> str:
        return self._home.path

    def storage_directory(self) -> str:
        return self._home.path

    def file_manager_directory(self, run_id: str) -> str:
        """Where the files of one run are that a file manager keeps."""
        return os.path.join(self.storage_directory(), "storage", run_id, "files")

    # --- settings

    def _set_overrides(self, settings: Mapping[str, Any]) -> None:
        self._settings = dict(settings)

    def get_settings(self, settings_key: str) -> Any:
        """A section of the instance's settings: those it was opened with, else of `dagster.yaml` in its
        folder.
        """
        if self._settings is None:
            file = os.path.join(self._home.path, "dagster.yaml")
            self._settings = {}
            if os.path.isfile(file):
                import yaml

                with open(file, encoding="utf-8") as stream:
                    self._settings = yaml.safe_load(stream) or {}
        return self._settings.get(settings_key)

    @property
    def python_log_level(self) -> str | None:
        return (self.get_settings("python_logs") or {}).get("python_log_level")

    @property
    def managed_python_loggers(self) -> Sequence[str]:
        """The Python loggers whose lines become log lines of the step that writes them."""
        return (self.get_settings("python_logs") or {}).get("managed_python_loggers") or []

    @property
    def is_ephemeral(self) -> bool:
        return self._is_ephemeral

    @property
    def is_persistent(self) -> bool:
        return not self._is_ephemeral

    # --- runs

    def get_run_by_id(self, run_id: str) -> DagsterRun | None:
        raw = self._home.find_run(run_id)
        return DagsterRun._from_core(raw) if raw is not None else None

    def has_run(self, run_id: str) -> bool:
        return self._home.find_run(run_id) is not None

    def get_run_record_by_id(self, run_id: str) -> RunRecord | None:
        raw = self._home.find_run(run_id)
        return _run_record(raw) if raw is not None else None

    def get_run_records(
        self,
        filters: RunsFilter | None = None,
        limit: int | None = None,
        order_by: str | None = None,
        ascending: bool = False,
        cursor: str | None = None,
        bucket_by: object | None = None,
    ) -> Sequence[RunRecord]:
        """Newest first unless `ascending`."""
        f = filters or RunsFilter()
        one_value = {k: v for k, v in f.tags.items() if isinstance(v, str)}
        raw = self._home.runs(f.job_name or "", [s.value for s in f.statuses], one_value, 0)
        records = [r for r in map(_run_record, raw) if f._fits(r)]
        if order_by in ("update_timestamp", "start_time", "end_time", "create_timestamp"):
            records.sort(key=lambda r: getattr(r, order_by) or 0, reverse=True)
        if ascending:
            records.reverse()
        if cursor is not None:
            after = [i for i, r in enumerate(records) if r.dagster_run.run_id == cursor]
            records = records[after[0] + 1 :] if after else []
        return records[:limit] if limit else records

    def get_runs(
        self,
        filters: RunsFilter | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        bucket_by: object | None = None,
        ascending: bool = False,
    ) -> Sequence[DagsterRun]:
        """Newest first unless `ascending`."""
        records = self.get_run_records(filters, limit, None, ascending, cursor)
        return [r.dagster_run for r in records]

    def get_run_ids(
        self, filters: RunsFilter | None = None, cursor: str | None = None, limit: int | None = None
    ) -> Sequence[str]:
        return [r.run_id for r in self.get_runs(filters, cursor, limit)]

    def get_runs_count(self, filters: RunsFilter | None = None) -> int:
        return len(self.get_runs(filters))

    def get_run_tags(
        self, tag_keys: Sequence[str], value_prefix: str | None = None, limit: int | None = None
    ) -> Sequence[tuple[str, set[str]]]:
        """Each of these tags with the values it has in any run."""
        values: dict[str, set[str]] = {}
        for run in self.get_runs():
            for key in tag_keys:
                if key in run.tags and run.tags[key].startswith(value_prefix or ""):
                    values.setdefault(key, set()).add(run.tags[key])
        found = sorted(values.items())
        return found[:limit] if limit else found

    def get_run_tag_keys(self) -> Sequence[str]:
        return sorted({k for run in self.get_runs() for k in run.tags})

    def add_run_tags(self, run_id: str, new_tags: Mapping[str, str]) -> None:
        self._home.add_run_tags(run_id, dict(new_tags))

    def add_run(self, dagster_run: DagsterRun) -> DagsterRun:
        """Records a run that is not executed here."""
        import json

        self._home.add_run(
            dagster_run.run_id,
            dagster_run.job_name,
            dagster_run.status.value,
            dict(dagster_run.tags),
            json.dumps(dagster_run.run_config, default=repr) if dagster_run.run_config else "",
            dagster_run.root_run_id or "",
            dagster_run.parent_run_id or "",
        )
        return dagster_run

    def create_run_for_job(
        self,
        job_def: Any,
        execution_plan: object | None = None,
        run_id: str | None = None,
        run_config: Any = None,
        resolved_op_selection: object | None = None,
        status: DagsterRunStatus = DagsterRunStatus.NOT_STARTED,
        tags: Mapping[str, str] | None = None,
        root_run_id: str | None = None,
        parent_run_id: str | None = None,
        **_: Any,
    ) -> DagsterRun:
        """Records a run of a job, without executing it."""
        from treadle._run.execute import _new_run_id

        return self.add_run(
            DagsterRun(
                job_def.name,
                run_id or _new_run_id(),
                run_config,
                status,
                {**getattr(job_def, "run_tags", {}), **(tags or {})},
                root_run_id,
                parent_run_id,
            )
        )

    def delete_run(self, run_id: str) -> None:
        """Forgets a run and its events."""
        self._home.delete_run(run_id)

    # --- small texts

    @property
    def run_storage(self) -> KeyValues:
        return KeyValues(self._home)

    @property
    def daemon_cursor_storage(self) -> KeyValues:
        return KeyValues(self._home)

    @property
    def event_log_storage(self) -> DagsterInstance:
        """Asked the same questions as the instance."""
        return self

    # --- versions

    def get_latest_materialization_code_versions(
        self, asset_keys: Sequence[AssetKey]
    ) -> Mapping[AssetKey, str | None]:
        return {
            k: p.code_version if (p := self.get_asset_provenance(k)) is not None else None for k in asset_keys
        }

    def get_latest_data_version(self, asset_key: AssetKey) -> DataVersion | None:
        """The data version of the latest materialization."""
        found = self._home.latest_materializations(asset_key.to_user_string())
        return DataVersion(found[0][5]) if found and found[0][5] else None

    def get_asset_provenance(self, asset_key: AssetKey) -> DataProvenance | None:
        found = self._home.latest_materializations(asset_key.to_user_string())
        if not found:
            return None
        _, _, _, _, code_version, _, inputs, *_ = max(found, key=lambda m: m[9])
        return DataProvenance(
            code_version, {AssetKey.from_user_string(k): DataVersion(v) for k, v in inputs}, False
        )

    # --- values

    def load_asset_value(
        self, asset_key: CoercibleToAssetKey, run_id: str | None = None, partition_key: str | None = None
    ) -> Any:
        """The latest value of an asset (of one partition of it) that the default IO manager keeps, or the one
        of a run."""
        key = AssetKey.from_coercible(asset_key).to_user_string()
        return self._home.load_asset_value(key, run_id or "", partition_key or "")

    # --- partitions

    def add_dynamic_partitions(self, partitions_def_name: str, partition_keys: Sequence[str]) -> None:
        """Adds keys to dynamic partitions; those that are there already stay where they are."""
        from treadle import _core

        if isinstance(partition_keys, str):
            raise CheckError("partition_keys must be a sequence of keys, not a single str.")
        for key in partition_keys:
            if not isinstance(key, str) or not key or "..." in key or any(c < " " for c in key):
                raise DagsterInvalidDefinitionError(
                    f"{key!r} cannot be a partition key: a key is text without '...' and control characters."
                )
        _core.add_dynamic_partitions(self._home, partitions_def_name, list(partition_keys))

    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        from treadle import _core

        _core.delete_dynamic_partitions(self._home, partitions_def_name, [partition_key])

    def get_dynamic_partitions(self, partitions_def_name: str) -> Sequence[str]:
        """In the order in which they were added."""
        from treadle import _core

        return _core.dynamic_partitions(self._home, partitions_def_name)

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        from treadle import _core

        return _core.has_dynamic_partition(self._home, partitions_def_name, partition_key)

    def get_materialized_partitions(self, asset_key: AssetKey, *_: Any, **__: Any) -> set[str]:
        """The keys of all partitions of an asset that were ever materialized."""
        return {m[8] for m in self._home.latest_materializations(asset_key.to_user_string()) if m[8]}
