"""What may change of a version: description, metadata, tags, aliases, time to live, where it is linked."""

from __future__ import annotations

from enum import Enum

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from typing import Any

    from typing_extensions import Self

    from treadle.wandb._artifact import Artifact
    from treadle.wandb._store import Record, Store

# As the store has them.
TTL_INHERIT = -1
TTL_NONE = -2


class ArtifactTTL(Enum):
    """The time to live of the collection."""

    INHERIT = 0


class VersionEdits:
    """The part of Artifact that edits. Drafts keep what is set until they are logged; versions write it with
    `save()`.
    """

    _name: str
    _description: str | None
    _metadata: dict[str, Any]
    _record: Record | None
    _store: Store | None
    _tags: list[str]
    _aliases: list[str]
    _ttl: int
    # Where it was found, when that is not where it was made: (collection, index, aliases).
    _member: tuple[str, int, tuple[str, ...]] | None

    if TYPE_CHECKING:

        def _home(self) -> tuple[Store, str]: ...
        def _logged(self, what: str) -> Record: ...
        def _is_logged_as(self, record: Record, store: Store) -> None: ...

    @property
    def description(self) -> str | None:
        return self._description

    @description.setter
    def description(self, description: str | None) -> None:
        self._description = description

    @property
    def metadata(self) -> dict[str, Any]:
        return self._metadata

    @metadata.setter
    def metadata(self, metadata: dict[str, Any]) -> None:
        self._metadata = dict(metadata)

    @property
    def tags(self) -> list[str]:
        return self._tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._tags = list(tags)

    @property
    def aliases(self) -> list[str]:
        """Of the version, in the collection it was found in. Change the list, and `save()`."""
        self._logged("aliases")
        return self._aliases

    @aliases.setter
    def aliases(self, aliases: Sequence[str]) -> None:
        self._logged("aliases")
        self._aliases = list(aliases)

    @property
    def ttl(self) -> timedelta | None:
        """How long it is kept from when it was made; None: until somebody deletes it."""
        from datetime import timedelta

        seconds = self._ttl
        if seconds == TTL_INHERIT and self._record is not None:
            seconds = self._record.ttl_effective
        return timedelta(seconds=seconds) if seconds >= 0 else None

    @ttl.setter
    def ttl(self, ttl: timedelta | ArtifactTTL | None) -> None:
        if ttl is None:
            self._ttl = TTL_NONE
        elif isinstance(ttl, ArtifactTTL):
            self._ttl = TTL_INHERIT
        else:
            seconds = int(ttl.total_seconds())
            if seconds <= 0:
                raise ValueError(
                    f"Artifact TTL Duration has to be positive. ttl: {seconds}. Set None to keep it."
                )
            self._ttl = seconds

    @property
    def ttl_is_inherited(self) -> bool:
        return self._ttl == TTL_INHERIT

    def save(self) -> None:
        """Writes what was changed of a version. What stands in the files never changes: use `new_draft`."""
        import json

        store, text = self._home()
        record = self._logged("save")
        before = list(self._member[2]) if self._member is not None else record.aliases
        changes: dict[str, Any] = {}
        if (self._description or "") != record.description:
            changes["description"] = self._description or ""
        if self._metadata != record.metadata:
            changes["metadata"] = json.dumps(self._metadata, ensure_ascii=False, allow_nan=False)
        if self._ttl != record.ttl_seconds:
            changes["ttl_seconds"] = self._ttl
        changes["add_tags"] = [t for t in dict.fromkeys(self._tags) if t not in record.tags]
        changes["remove_tags"] = [t for t in record.tags if t not in self._tags]
        add = [a for a in dict.fromkeys(self._aliases) if a not in before]
        remove = [a for a in before if a not in self._aliases]
        store.core.edit_version(text, changes)
        if add or remove:
            store.core.alias_in(text, self._place(), add, remove, False)
        self._reload(store, text)

    def delete(self, delete_aliases: bool = False) -> None:
        """The version is gone, with its links. With aliases other than `latest` only when told so."""
        store, text = self._home()
        if self._member is not None:
            raise ValueError(
                f"'{self._place()}' is where {text} is linked, not where it was made: unlink() it, or delete"
                " it there."
            )
        store.core.delete_version(text, delete_aliases, False)

    def link(self, target_path: str, aliases: Sequence[str] | None = None) -> Artifact:
        """Puts the version into a collection of a registry: "wandb-registry-model/Churn"."""
        from treadle.wandb._api import open_member

        store, text = self._home()
        target = store.full_name(target_path)
        member = store.core.link(text, target, list(aliases or ()), "", False)
        return open_member(store, member)

    def unlink(self) -> None:
        """Takes it out of the registry it was found in; where it was made it stays."""
        store, text = self._home()
        if self._member is None:
            raise ValueError(f"{text} was not found by a link: there is nothing to unlink.")
        store.core.unlink(text, self._place())

    @property
    def linked_artifacts(self) -> list[Artifact]:
        """The same version where it is linked."""
        from treadle.wandb._api import open_member

        store, text = self._home()
        record = self._logged("linked_artifacts")
        own = f"{record.entity}/{record.project}/{record.collection}"
        return [open_member(store, m) for m in store.core.memberships_of(text) if m[0] != own]

    @property
    def is_link(self) -> bool:
        return self._member is not None

    def _place(self) -> str:
        """The collection it was found in: "entity/project/collection"."""
        record = self._logged("collection")
        if self._member is not None:
            return self._member[0]
        return f"{record.entity}/{record.project}/{record.collection}"

    def _take_edits(self, record: Record) -> None:
        self._description = record.description or None
        self._metadata = dict(record.metadata)
        self._tags = list(record.tags)
        self._ttl = record.ttl_seconds
        self._aliases = list(record.aliases if self._member is None else self._member[2])

    def _reload(self, store: Store, text: str) -> Self:
        if self._member is not None:
            place = self._member[0]
            for found, index, aliases, _ in store.core.memberships_of(text):
                if found == place:
                    self._member = (found, index, tuple(aliases))
        self._is_logged_as(store.get(text), store)
        return self
