"""Collections of artifacts, and registries: collections that link to versions made elsewhere.

registry = wandb.Api().create_registry("model", artifact_types=["model"])
run.link_artifact(artifact, "wandb-registry-model/Churn", aliases=["production"])
for collection in registry.collections(): print(collection.name, collection.aliases)
"""

from __future__ import annotations

import re

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from treadle.wandb._artifact import Artifact
    from treadle.wandb._store import Store


class ArtifactType:
    """The collections of one type in one project."""

    def __init__(self, store: Store, entity: str, project: str, name: str) -> None:
        self._store = store
        self.entity = entity
        self.project = project
        self.name = name

    def __repr__(self) -> str:
        return f"<ArtifactType {self.name}>"

    def collections(self, per_page: int = 50) -> list[ArtifactCollection]:
        wanted = {"entity": self.entity, "project": self.project, "type": self.name}
        return [ArtifactCollection(self._store, raw) for raw in self._store.core.collections(wanted)]

    def collection(self, name: str) -> ArtifactCollection:
        for found in self.collections():
            if found.name == name:
                return found
        raise ValueError(f"Could not find artifact collection {name!r} of the type {self.name!r}.")


class ArtifactCollection:
    """A sequence, whose versions are made in it, or a registry's collection, which links to them."""

    def __init__(self, store: Store, raw: Mapping[str, Any]) -> None:
        self._store = store
        self._take(raw)

    def _take(self, raw: Mapping[str, Any]) -> None:
        from treadle.wandb._artifact import told_time

        self._saved = raw
        self.entity: str = raw["entity"]
        self.project: str = raw["project"]
        self.name: str = raw["name"]
        self.type: str = raw["type"]
        self.description: str | None = raw["description"] or None
        self.tags: list[str] = list(raw["tags"])
        self.created_at: str = told_time(raw["created"])
        self.updated_at: str = told_time(raw["updated"])

    def __repr__(self) -> str:
        return f"<ArtifactCollection {self.name} ({self.type})>"

    def is_sequence(self) -> bool:
        return bool(self._saved["is_sequence"])

    @property
    def aliases(self) -> list[str]:
        """Those that any version has here."""
        return sorted({a for member in self._members() for a in member[2]})

    def artifacts(self, per_page: int = 50) -> list[Artifact]:
        """The versions, oldest first."""
        from treadle.wandb._api import open_member

        return [open_member(self._store, member) for member in self._members()]

    versions = artifacts

    def history(self) -> list[dict[str, Any]]:
        """What its names meant, and when: who linked, unlinked, gave and took aliases; oldest first."""
        from treadle.wandb._artifact import told_time

        return [
            {
                "action": action,
                "source": source or None,
                "version": f"v{index}" if index >= 0 else None,
                "alias": alias or None,
                "at": told_time(at),
                "by": by or None,
            }
            for action, source, index, alias, at, by in self._store.core.history(self._place())
        ]

    def protect(self, alias: str) -> None:
        """From here on the alias can neither be moved nor removed, nor its version deleted."""
        self._store.core.protect(self._place(), alias, True)

    def unprotect(self, alias: str) -> None:
        self._store.core.protect(self._place(), alias, False)

    def save(self) -> None:
        """Writes name, description, type and tags."""
        before = self._saved
        changes: dict[str, Any] = {
            "add_tags": [t for t in self.tags if t not in before["tags"]],
            "remove_tags": [t for t in before["tags"] if t not in self.tags],
        }
        if self.name != before["name"]:
            changes["name"] = self.name
        if self.type != before["type"]:
            changes["type"] = self.type
        if (self.description or "") != before["description"]:
            changes["description"] = self.description or ""
        self._take(self._store.core.edit_collection(self._place(), changes))

    def change_type(self, new_type: str) -> None:
        self.type = new_type
        self.save()

    def delete(self, delete_aliases: bool = True) -> None:
        """With all its versions; of a registry: with all its links."""
        self._store.core.delete_collection(self._place(), delete_aliases)

    def _place(self) -> str:
        raw = self._saved
        return f"{raw['entity']}/{raw['project']}/{raw['name']}"

    def _members(self) -> list[tuple[str, int, tuple[str, ...], tuple[Any, ...]]]:
        return self._store.core.members(self._place())

    def _fields(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "description": self.description,
            "tag": self.tags,
            "tags": self.tags,
            "type": self.type,
            "created_at": self.created_at,
        }


class Registry:
    """Where an organization agrees on what to use. Set what is to change, and `save()`."""

    def __init__(self, store: Store, raw: Mapping[str, Any]) -> None:
        self._store = store
        self._take(raw)

    def _take(self, raw: Mapping[str, Any]) -> None:
        from treadle.wandb._artifact import told_time

        self._saved = raw
        self.name: str = raw["name"]
        self.description: str | None = raw["description"]
        self.visibility: Literal["organization", "restricted"] = (
            "restricted" if raw["restricted"] else "organization"
        )
        self.allow_all_artifact_types: bool = raw["all_types"]
        self.artifact_types: list[str] = list(raw["types"])
        self.created_at: str = told_time(raw["created"])
        self.updated_at: str = told_time(raw["updated"])

    def __repr__(self) -> str:
        return f"<Registry {self.name}>"

    @property
    def entity(self) -> str:
        entity: str = self._saved["entity"]
        return entity

    organization = entity

    @property
    def full_name(self) -> str:
        """Its project: "wandb-registry-model"."""
        return f"wandb-registry-{self._saved['name']}"

    @property
    def path(self) -> list[str]:
        return [self.entity, self.full_name]

    def collections(self, filter: Mapping[str, Any] | None = None) -> list[ArtifactCollection]:
        """Those that match: `{"name": {"$regex": "Churn"}}`, `{"tag": "team"}`."""
        wanted = {"entity": self.entity, "project": self.full_name}
        found = [ArtifactCollection(self._store, raw) for raw in self._store.core.collections(wanted)]
        return [c for c in found if matches(filter, c._fields())]

    def versions(self, filter: Mapping[str, Any] | None = None) -> list[Artifact]:
        """What is linked, and matches: `{"alias": "production"}`, `{"metadata.acc": {"$gt": 0.9}}`."""
        versions = [a for collection in self.collections() for a in collection.artifacts()]
        return [a for a in versions if matches(filter, _fields_of(a))]

    def save(self) -> None:
        """Writes name, description, visibility and types. Types are only ever added."""
        gone = [t for t in self._saved["types"] if t not in self.artifact_types]
        if gone:
            raise ValueError(
                f"Cannot remove artifact types {gone} from the registry '{self.name}': what is linked must"
                " stay allowed."
            )
        changes: dict[str, Any] = {
            "restricted": restricted(self.visibility),
            "add_types": [t for t in self.artifact_types if t not in self._saved["types"]],
        }
        if self.name != self._saved["name"]:
            changes["name"] = self.name
        if self.description is not None:
            changes["description"] = self.description
        if self.allow_all_artifact_types != self._saved["all_types"]:
            changes["all_types"] = self.allow_all_artifact_types
        self._take(self._store.core.edit_registry(self.entity, self._saved["name"], changes))

    def delete(self) -> None:
        """With its collections and links. The versions stay where they were made."""
        self._store.core.delete_registry(self.entity, self._saved["name"], False)

    def load(self) -> None:
        """Reads it again."""
        raw = self._store.core.find_registry(self.entity, self._saved["name"])
        if raw is None:
            raise ValueError(f"The registry '{self._saved['name']}' is not there any more.")
        self._take(raw)

    def _fields(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "description": self.description,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


def restricted(visibility: str) -> bool:
    if visibility not in ("organization", "restricted"):
        raise ValueError(f"A registry's visibility is 'organization' or 'restricted', not {visibility!r}.")
    return visibility == "restricted"


def _fields_of(artifact: Artifact) -> dict[str, Any]:
    return {
        "alias": artifact.aliases,
        "tag": artifact.tags,
        "version": artifact.version,
        "type": artifact.type,
        "created_at": artifact.created_at,
        **{f"metadata.{key}": value for key, value in artifact.metadata.items()},
    }


def matches(filter: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> bool:
    """Whether fields are as a filter in MongoDB's words says. A list matches when one of its items does."""
    for key, wanted in (filter or {}).items():
        if key == "$and":
            fine = all(matches(each, fields) for each in wanted)
        elif key == "$or":
            fine = any(matches(each, fields) for each in wanted)
        elif key == "$not":
            fine = not matches(wanted, fields)
        else:
            conditions = wanted if isinstance(wanted, dict) else {"$eq": wanted}
            fine = all(_holds(fields.get(key), how, what) for how, what in conditions.items())
        if not fine:
            return False
    return True


def _holds(value: Any, how: str, what: Any) -> bool:
    if how in ("$ne", "$nin", "$not"):
        positive = {"$ne": "$eq", "$nin": "$in"}
        if how == "$not":
            return not all(_holds(value, h, w) for h, w in what.items())
        return not _holds(value, positive[how], what)
    if how == "$exists":
        return (value is not None) == bool(what)
    return any(_compares(each, how, what) for each in (value if isinstance(value, list) else [value]))


def _compares(value: Any, how: str, what: Any) -> bool:
    if how == "$eq":
        return bool(value == what)
    if how == "$in":
        return value in what
    if how not in ("$gt", "$gte", "$lt", "$lte", "$regex", "$contains"):
        raise ValueError(f"The filter operator {how!r} is not known.")
    if value is None:
        return False
    if how == "$regex":
        return re.search(what, str(value)) is not None
    if how == "$contains":
        return str(what) in str(value)
    if how in ("$gt", "$lte"):
        return bool(value > what) == (how == "$gt")
    return bool(value < what) == (how == "$lt")
