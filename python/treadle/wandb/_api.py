"""Api: looks artifacts up by name, outside of pipelines too."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._artifact import Artifact
from treadle.wandb._store import Record, Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle._run.instance import DagsterInstance


class Api:
    """The artifacts of a home: of the one given, else of TREADLE_HOME, DAGSTER_HOME or the project."""

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
