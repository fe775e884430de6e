"""Api: looks runs and artifacts up, outside of pipelines too."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._artifact import Artifact
from treadle.wandb._store import Record, Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal

    from typing_extensions import Self

    from treadle._run.instance import DagsterInstance
    from treadle.wandb._host import Host
    from treadle.wandb._public import PublicProject, PublicRun, Runs
    from treadle.wandb._registry import ArtifactCollection, ArtifactType, Registry


class Api:
    """The runs and artifacts of a server, when `overrides` have its `base_url` or WANDB_BASE_URL names it;
    else of a home: that of the instance, else of TREADLE_HOME, DAGSTER_HOME or the project.
    """

    def __init__(
        self,
        overrides: Mapping[str, Any] | None = None,
        timeout: int | None = None,
        api_key: str | None = None,
        *,
        instance: DagsterInstance | None = None,
    ) -> None:
        from treadle.wandb import _host

        given = overrides or {}
        if instance is not None and not given.get("base_url"):
            self._host = _host.Host(instance)
        else:
            self._host = _host.find(given.get("base_url"), api_key, instance)
        self._given_entity: str = given.get("entity") or ""
        self._project: str = given.get("project") or (self._host.project if self._host.server else "default")

    @classmethod
    def _on(cls, host: Host, entity: str = "", project: str = "") -> Self:
        """Of a host that is known already."""
        api = cls.__new__(cls)
        api._host, api._given_entity, api._project = host, entity, project
        return api

    @property
    def _entity(self) -> str:
        return self._given_entity or self._host.entity

    def _store(self) -> Store:
        return Store(self._host, self._entity, self._project or "uncategorized")

    @property
    def default_entity(self) -> str:
        return self._entity

    def flush(self) -> None:
        """Nothing is remembered: every call reads the home."""

    def run(self, path: str) -> PublicRun:
        """The run that "[[entity/]project/]id" means; an id alone may be of any project."""
        from treadle.wandb._errors import CommError
        from treadle.wandb._host import told
        from treadle.wandb._public import PublicRun

        parts = path.removeprefix("/").replace("/runs/", "/").split("/")
        core = self._host.runs
        if len(parts) == 1:
            found = told(lambda: core.find_by_id(parts[0]))
            raw = found[0] if found else None
        else:
            entity = parts[0] if len(parts) == 3 else self._entity
            raw = told(lambda: core.find(entity, parts[-2], parts[-1]))
        if raw is None:
            where = "on the server" if self._host.server else "in the home"
            raise CommError(f"Could not find run {path!r} {where} {self._host.place}.")
        return PublicRun(self._host, raw)

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
        project = parts[-1] if parts else self._project if self._host.server else ""
        text = json.dumps(filters) if filters else ""
        return Runs(self._host, entity, project, text, order or "", per_page)

    def projects(self, entity: str | None = None, per_page: int = 200) -> list[PublicProject]:
        from treadle.wandb._host import told
        from treadle.wandb._public import PublicProject

        names = told(lambda: self._host.runs.projects(entity or ""))
        return [PublicProject(*name) for name in names]

    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """The version that "[entity/][project/]name[:version-or-alias]" means; the latest without one."""
        artifact = find_artifact(self._store(), name)
        if type is not None and artifact.type != type:
            raise ValueError(f"{artifact.name} is of the type {artifact.type!r}, not {type!r}.")
        return artifact

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        found = self._store().find(name)
        return found is not None and (type is None or found.type == type)

    def artifact_versions(self, type_name: str, name: str, per_page: int = 50) -> list[Artifact]:
        """All versions of a collection, newest first."""
        collection = self.artifact_collection(type_name, name)
        return list(reversed(collection.artifacts()))

    artifacts = artifact_versions

    # --- collections

    def artifact_collections(
        self, project_name: str | None, type_name: str, per_page: int = 50
    ) -> list[ArtifactCollection]:
        """Those of a type in "[entity/]project"."""
        from treadle.wandb._registry import ArtifactCollection

        store = self._store()
        entity, _, project = (project_name or store.project).rpartition("/")
        wanted = {"entity": entity or store.entity, "project": project, "type": type_name}
        return [ArtifactCollection(store, raw) for raw in store.core.collections(wanted)]

    def artifact_collection(self, type_name: str, name: str) -> ArtifactCollection:
        """The collection "[[entity/]project/]name"."""
        from treadle.wandb._registry import ArtifactCollection

        store = self._store()
        raw = store.core.find_collection(store.full_name(name))
        if raw is None or raw["type"] != type_name:
            raise ValueError(f"Could not find artifact collection {name!r} of the type {type_name!r}.")
        return ArtifactCollection(store, raw)

    def artifact_collection_exists(self, name: str, type: str) -> bool:
        store = self._store()
        raw = store.core.find_collection(store.full_name(name))
        return raw is not None and raw["type"] == type

    def artifact_types(self, project: str | None = None) -> list[ArtifactType]:
        """The types that there are in "[entity/]project"."""
        from treadle.wandb._registry import ArtifactType

        store = self._store()
        entity, _, name = (project or store.project).rpartition("/")
        found = store.core.types(entity or store.entity, name)
        return [ArtifactType(store, *raw[:3]) for raw in found]

    def artifact_type(self, type_name: str, project: str | None = None) -> ArtifactType:
        for found in self.artifact_types(project):
            if found.name == type_name:
                return found
        raise ValueError(f"Could not find artifact type {type_name!r} in {project or self._project!r}.")

    # --- registries

    def registries(
        self,
        organization: str | None = None,
        filter: dict[str, Any] | None = None,
        per_page: int = 100,
    ) -> list[Registry]:
        """The registries of an organization, an entity of the home; those that match:
        `{"name": {"$regex": "^model"}}`.
        """
        from treadle.wandb._registry import Registry, matches

        store = self._store()
        found = [Registry(store, raw) for raw in store.core.registries(organization or store.entity)]
        return [r for r in found if matches(filter, r._fields())]

    def registry(self, name: str, organization: str | None = None) -> Registry:
        from treadle.wandb._registry import Registry

        store = self._store()
        raw = store.core.find_registry(organization or store.entity, name)
        if raw is None:
            known = ", ".join(r["name"] for r in store.core.registries(organization or store.entity))
            raise ValueError(
                f"Failed to load registry {name!r}: there is none. There are: {known or 'none'}."
            )
        return Registry(store, raw)

    def create_registry(
        self,
        name: str,
        visibility: Literal["organization", "restricted"] = "organization",
        organization: str | None = None,
        description: str | None = None,
        artifact_types: Sequence[str] | None = None,
    ) -> Registry:
        """A registry for versions of these types; of any without them."""
        from treadle.wandb._registry import Registry, restricted

        store = self._store()
        raw = store.core.create_registry(
            {
                "entity": organization or store.entity,
                "name": name,
                "description": description,
                "restricted": restricted(visibility),
                "types": list(artifact_types or ()),
            }
        )
        return Registry(store, raw)


def open_artifact(store: Store, record: Record) -> Artifact:
    """A version as an Artifact."""
    artifact = Artifact(record.collection, record.type)
    artifact._is_logged_as(record, store)
    return artifact


def open_member(store: Store, member: tuple[str, int, tuple[str, ...], tuple[Any, ...]]) -> Artifact:
    """A version as it stands in a collection that it was linked into."""
    place, index, aliases, raw = member
    record = Record(raw)
    artifact = Artifact(record.collection, record.type)
    if place != f"{record.entity}/{record.project}/{record.collection}":
        artifact._member = (place, index, tuple(aliases))
    artifact._is_logged_as(record, store)
    return artifact


def find_artifact(store: Store, name: str) -> Artifact:
    """The version of this name, where it was made or where it is linked."""
    found = store.core.find_member(store.full_name(name))
    return open_member(store, found) if found is not None else open_artifact(store, store.get(name))
