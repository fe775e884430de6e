"""DagsterInstance: an open home. What it keeps can be read through it, and runs write to it."""

from __future__ import annotations

import os
from enum import Enum

from treadle._assets.keys import AssetKey
from treadle._errors import CheckError
from treadle._events.dagster_event import DagsterEvent
from treadle._events.events import AssetMaterialization, AssetObservation, DataVersion
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
    )
    job_name: str
    run_id: str
    run_config: Mapping[str, Any]
    status: DagsterRunStatus
    tags: Mapping[str, str]
    root_run_id: str | None
    parent_run_id: str | None
    step_keys: Sequence[str]

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
    ) -> None:
        self.job_name = job_name
        self.run_id = run_id
        self.run_config = dict(run_config or {})
        self.status = status
        self.tags = dict(tags or {})
        self.root_run_id = root_run_id
        self.parent_run_id = parent_run_id
        self.step_keys = list(step_keys)

    @property
    def is_success(self) -> bool:
        return self.status is DagsterRunStatus.SUCCESS

    @property
    def is_failure(self) -> bool:
        return self.status is DagsterRunStatus.FAILURE

    @property
    def is_finished(self) -> bool:
        return self.status in (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED)

    @staticmethod
    def _from_core(raw: tuple[Any, ...]) -> DagsterRun:
        run_id, job_name, status, tags, step_keys, run_config, root, parent = raw
        config = {}
        if run_config:
            import json

            config = json.loads(run_config)
        return DagsterRun(
            job_name, run_id, config, DagsterRunStatus(status), tags, root or None, parent or None, step_keys
        )


class RunsFilter(Record):
    """Which runs: all conditions must hold."""

    __slots__ = _fields = ("run_ids", "job_name", "statuses", "tags")

    def __init__(
        self,
        run_ids: Sequence[str] | None = None,
        job_name: str | None = None,
        statuses: Sequence[DagsterRunStatus] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.run_ids = list(run_ids) if run_ids is not None else None
        self.job_name = job_name
        self.statuses = list(statuses or ())
        self.tags = dict(tags or {})


class EventLogEntry:
    """An event with where it is in the record. `dagster_event` is None for a log line of user code."""

    __slots__ = ("_event",)

    def __init__(self, event: DagsterEvent) -> None:
        self._event = event

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


class DagsterInstance:
    """An open home folder: the record of runs and events, and the store of what they made."""

    def __init__(self, home: _core.Home, ephemeral: bool = False) -> None:
        self._home = home
        self._is_ephemeral = ephemeral

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

        if tempdir is None:
            return DagsterInstance(_core.Home("", temporary=True))
        return DagsterInstance(_core.Home(os.fspath(tempdir)))

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

    def get_runs(
        self, filters: RunsFilter | None = None, cursor: str | None = None, limit: int | None = None
    ) -> Sequence[DagsterRun]:
        """Newest first."""
        f = filters or RunsFilter()
        narrowed = f.run_ids is not None or cursor is not None
        raw = self._home.runs(
            f.job_name or "", [s.value for s in f.statuses], f.tags, 0 if narrowed else limit or 0
        )
        runs = [DagsterRun._from_core(r) for r in raw]
        if f.run_ids is not None:
            runs = [r for r in runs if r.run_id in f.run_ids]
        if cursor is not None:
            after = [i for i, r in enumerate(runs) if r.run_id == cursor]
            runs = runs[after[0] + 1 :] if after else []
        return runs[:limit] if limit else runs

    def get_run_ids(
        self, filters: RunsFilter | None = None, cursor: str | None = None, limit: int | None = None
    ) -> Sequence[str]:
        return [r.run_id for r in self.get_runs(filters, cursor, limit)]

    def get_runs_count(self, filters: RunsFilter | None = None) -> int:
        return len(self.get_runs(filters))

    def add_run_tags(self, run_id: str, new_tags: Mapping[str, str]) -> None:
        self._home.add_run_tags(run_id, dict(new_tags))

    # --- events

    def all_logs(
        self, run_id: str, of_type: DagsterEventType | set[DagsterEventType] | None = None
    ) -> Sequence[EventLogEntry]:
        """Every event of a run, in order."""
        return [
            EventLogEntry(DagsterEvent(r))
            for r in self._home.events(run_id, "", _type_names(of_type), 0, 0, False)
        ]

    def get_latest_materialization_event(self, asset_key: AssetKey) -> EventLogEntry | None:
        found = self._home.events("", asset_key.to_user_string(), ["ASSET_MATERIALIZATION"], 0, 1, True)
        return EventLogEntry(DagsterEvent(found[0])) if found else None

    def get_latest_materialization_events(
        self, asset_keys: Sequence[AssetKey]
    ) -> Mapping[AssetKey, EventLogEntry | None]:
        return {k: self.get_latest_materialization_event(k) for k in asset_keys}

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
        _, _, _, _, code_version, _, inputs, _ = found[0]
        return DataProvenance(
            code_version, {AssetKey.from_user_string(k): DataVersion(v) for k, v in inputs}, False
        )

    def all_asset_keys(self) -> Sequence[AssetKey]:
        return [AssetKey.from_user_string(k) for k in self._home.asset_keys()]

    get_asset_keys = all_asset_keys

    def has_asset_key(self, asset_key: AssetKey) -> bool:
        return asset_key.to_user_string() in self._home.asset_keys()

    def report_runless_asset_event(self, asset_event: AssetMaterialization | AssetObservation) -> None:
        """Records a materialization or observation that no run made."""
        from treadle._run.context import report_fact

        report_fact(self._home, asset_event)

    # --- values

    def load_asset_value(self, asset_key: CoercibleToAssetKey, run_id: str | None = None) -> Any:
        """The latest value of an asset that the default IO manager keeps (or the one of a run)."""
        return self._home.load_asset_value(AssetKey.from_coercible(asset_key).to_user_string(), run_id or "")


def _type_names(of_type: DagsterEventType | set[DagsterEventType] | None) -> list[str]:
    if of_type is None:
        return []
    return [t.name for t in of_type] if isinstance(of_type, (set, frozenset, list, tuple)) else [of_type.name]
