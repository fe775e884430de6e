"""Api: looks runs and artifacts up, outside of pipelines too."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._artifact import Artifact
from treadle.wandb._store import Record, Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle._run.instance import DagsterInstance
    from treadle.wandb._public import PublicProject, PublicRun, Runs


class Api:
    """The runs and artifacts of a home: that of the instance, else of TREADLE_HOME, DAGSTER_HOME or the
    project.
    """

    def __init__(
        self, overrides: Mapping[str, Any] | None = None, *, instance: DagsterInstance | None = None
    ) -> None:
        given = overrides or {}
        self._instance = instance
        self._entity: str = given.get("entity", "local")
        self._project: str = given.get("project", "default")

    def _store(self) -> Store:
        if self._instance is None:
            from treadle._run.instance import DagsterInstance

            self._instance = DagsterInstance.get()
        return Store(self._instance, self._entity, self._project)

    @property
    def default_entity(self) -> str:
        return self._entity

    def flush(self) -> None:
        """Nothing is remembered: every call reads the home."""

    def run(self, path: str) -> PublicRun:
        """The run that "[[entity/]project/]id" means; an id alone may be of any project."""
        from treadle import _core
        from treadle.wandb._errors import CommError
        from treadle.wandb._public import PublicRun

        parts = path.removeprefix("/").replace("/runs/", "/").split("/")
        instance = self._store().instance
        core = _core.Tracking(instance._home)
        if len(parts) == 1:
            found = core.find_by_id(parts[0])
            raw = found[0] if found else None
        else:
            entity = parts[0] if len(parts) == 3 else self._entity
            raw = core.find(entity, parts[-2], parts[-1])
        if raw is None:
            raise CommError(f"Could not find run {path!r} in the home {instance._home.path}.")
        return PublicRun(instance, raw)

    def runs(
        self,
        path: str | None = None,
        filters: dict[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = True,
        lazy: bool = True,
    ) -> Runs:
        """The runs of "[entity/]project" that match: `{"config.lr": {"$gt": 0.1}, "state": "finished"}`."""
        import json

        from treadle.wandb._public import Runs

        parts = path.split("/") if path else []
        entity = parts[0] if len(parts) > 1 else self._entity if parts else ""
        project = parts[-1] if parts else ""
        text = json.dumps(filters) if filters else ""
        return Runs(self._store().instance, entity, project, text, order or "", per_page)

    def projects(self, entity: str | None = None, per_page: int = 200) -> list[PublicProject]:
        from treadle import _core
        from treadle.wandb._public import PublicProject

        names = _core.Tracking(self._store().instance._home).projects(entity or "")
        return [PublicProject(*name) for name in names]

    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """The version that "[entity/][project/]name[:version-or-alias]" means; the latest without one."""
        store = self._store()
        artifact = open_artifact(store, store.get(name))
        if type is not None and artifact.type != type:
            raise ValueError(f"{artifact.name} is of the type {artifact.type!r}, not {type!r}.")
        return artifact

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        found = self._store().find(name)
        return found is not None and (type is None or found.type == type)

    def artifact_versions(self, type_name: str, name: str, per_page: int = 50) -> list[Artifact]:
        """All versions of a collection, newest first."""
        store = self._store()
        records = [Record(raw) for raw in store.core.versions(store.full_name(name))]
        return [open_artifact(store, r) for r in reversed(records) if r.type == type_name]


def open_artifact(store: Store, record: Record) -> Artifact:
    """A version as an Artifact."""
    artifact = Artifact(record.collection, record.type)
    artifact._is_logged_as(record, store)
    return artifact
