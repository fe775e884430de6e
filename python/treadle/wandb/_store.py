"""The home's artifact store, as the classes of this package use it."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._errors import WandbArtifactsIOManagerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from treadle.wandb._host import Host

# (path, kind, content, digest, size, extra), see python/src/bind_artifact.cc
DraftEntry = tuple[str, str, "str | bytes", str, int, str]


class Record:
    """What the store knows of one version."""

    __slots__ = (
        "aliases",
        "collection",
        "created",
        "description",
        "digest",
        "entity",
        "file_count",
        "history_step",
        "id",
        "index",
        "metadata",
        "project",
        "run_id",
        "size",
        "tags",
        "ttl_effective",
        "ttl_seconds",
        "type",
        "updated",
    )

    def __init__(self, raw: tuple[Any, ...]) -> None:
        import json

        self.id: int = raw[0]
        self.entity: str = raw[1]
        self.project: str = raw[2]
        self.collection: str = raw[3]
        self.type: str = raw[4]
        self.index: int = raw[5]
        self.aliases: list[str] = list(raw[6])
        self.digest: str = raw[7]
        self.description: str = raw[8]
        self.metadata: dict[str, Any] = json.loads(raw[9])
        self.size: int = raw[10]
        self.file_count: int = raw[11]
        self.created: int = raw[12]
        self.run_id: str = raw[13]
        self.tags: list[str] = list(raw[14])
        self.ttl_seconds: int = raw[15]
        self.ttl_effective: int = raw[16]
        self.history_step: int | None = raw[17]
        self.updated: int = raw[18]

    @property
    def text(self) -> str:
        return f"{self.entity}/{self.project}/{self.collection}:v{self.index}"


class Store:
    """One host's artifacts, with the entity and project that names without them mean."""

    __slots__ = ("cache_folder", "core", "entity", "host", "project")

    def __init__(self, host: Host, entity: str, project: str, cache_folder: str = "") -> None:
        self.host = host
        self.entity = entity
        self.project = project
        self.cache_folder = cache_folder or f"{host.instance._home.path}/cache"
        self.core = host.artifacts(entity, project, self.cache_folder)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travels as the host's place, so that artifacts that were read can be handed on."""
        return Store, (self.host, self.entity, self.project, self.cache_folder)

    def full_name(self, name: str) -> str:
        """`name` with entity and project before it, where it has none."""
        parts = name.split("/")
        if len(parts) == 1:
            parts.insert(0, self.project)
        if len(parts) == 2:
            parts.insert(0, self.entity)
        return "/".join(parts)

    def address(self, record: Record) -> str:
        """As the record of the home remembers it, whoever reads that."""
        server = self.host.server
        return record.text if server is None else f"{server.url}/{record.text}"

    def has(self, address: str) -> bool:
        """Whether an address is of a version that is kept here."""
        server = self.host.server
        return address.startswith(f"{server.url}/") if server is not None else "://" not in address

    def find(self, name: str) -> Record | None:
        raw = self.core.find(self.full_name(name))
        return Record(raw) if raw is not None else None

    def get(self, name: str) -> Record:
        return Record(self.core.get(self.full_name(name)))

    def get_version(self, id: int) -> Record:
        return Record(self.core.get_version(id))

    def log(
        self,
        *,
        collection: str,
        type: str,
        description: str,
        metadata: dict[str, Any],
        aliases: Sequence[str],
        run_id: str,
        entries: Sequence[DraftEntry],
        folders: Sequence[tuple[str, str]],
        more: dict[str, Any],
    ) -> Record:
        text = metadata_text(collection, metadata)
        raw, _ = self.core.log(
            self.entity,
            self.project,
            collection,
            type,
            description,
            text,
            list(aliases),
            run_id,
            list(entries),
            list(folders),
            more,
        )
        return Record(raw)


def metadata_text(collection: str, metadata: dict[str, Any]) -> str:
    import json

    try:
        return json.dumps(metadata, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise WandbArtifactsIOManagerError(
            f"The metadata of the artifact '{collection}' cannot be written as JSON: {error}."
        ) from error
