"""Artifact: files, references and W&B objects under a name; first a draft, then, logged, a version."""

from __future__ import annotations

import os
from weakref import WeakValueDictionary

from treadle._typing import TYPE_CHECKING
from treadle.wandb._errors import ArtifactNotLoggedError, WandbArtifactsIOManagerError
from treadle.wandb._references import entries_of, md5_of_file
from treadle.wandb._version_edits import TTL_INHERIT, VersionEdits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, Literal

    from treadle.wandb._public import PublicRun
    from treadle.wandb._store import DraftEntry, Record, Store
    from treadle.wandb._values import WBValue


class Artifact(VersionEdits):
    """A named, typed set of files. `add...` before it is logged; reading afterwards."""

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        incremental: bool = False,
        use_as: str | None = None,
    ) -> None:
        self._incremental = incremental
        self._name = name
        self._type = type
        self._description = description
        self._metadata = dict(metadata or {})
        self._tags: list[str] = []
        self._aliases: list[str] = []
        self._ttl = TTL_INHERIT
        self._member: tuple[str, int, tuple[str, ...]] | None = None
        self._base: Artifact | None = None  # what a draft begins with
        self._removed: list[str] = []  # of the base
        self._entries: dict[str, DraftEntry] = {}
        self._folders: list[tuple[str, str]] = []
        self._record: Record | None = None
        self._store: Store | None = None
        self._listed: list[ArtifactEntry] | None = None
        self._values: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<Artifact {self.qualified_name if self._record is not None else self._name}>"

    # --- what it is

    @property
    def name(self) -> str:
        """With its version once it is logged: "my_artifact:v3"."""
        return self._name if self._record is None else f"{self.collection_name}:{self.version}"

    @property
    def collection_name(self) -> str:
        if self._record is None:
            return self._name
        return self._record.collection if self._member is None else self._member[0].rpartition("/")[2]

    @property
    def qualified_name(self) -> str:
        self._logged("qualified_name")
        return f"{self._place()}:{self.version}"

    @property
    def source_name(self) -> str:
        """Where it was made, as the rest of `source_...`."""
        record = self._logged("source_name")
        return f"{record.collection}:v{record.index}"

    @property
    def source_qualified_name(self) -> str:
        return self._logged("source_qualified_name").text

    @property
    def source_entity(self) -> str:
        return self._logged("source_entity").entity

    @property
    def source_project(self) -> str:
        return self._logged("source_project").project

    @property
    def source_version(self) -> str:
        return f"v{self._logged('source_version').index}"

    @property
    def type(self) -> str:
        return self._type

    @property
    def version(self) -> str:
        record = self._logged("version")
        return f"v{record.index if self._member is None else self._member[1]}"

    @property
    def digest(self) -> str:
        return self._logged("digest").digest

    @property
    def id(self) -> str:
        import base64

        return base64.b64encode(f"Artifact:{self._logged('id').id}".encode()).decode()

    @property
    def entity(self) -> str:
        self._logged("entity")
        return self._place().split("/")[0]

    @property
    def project(self) -> str:
        self._logged("project")
        return self._place().split("/")[1]

    @property
    def size(self) -> int:
        return self._logged("size").size

    @property
    def file_count(self) -> int:
        return self._logged("file_count").file_count

    @property
    def state(self) -> str:
        return "PENDING" if self._record is None else "COMMITTED"

    def is_draft(self) -> bool:
        return self._record is None

    @property
    def created_at(self) -> str:
        """UTC, ISO 8601."""
        return told_time(self._logged("created_at").created)

    @property
    def updated_at(self) -> str:
        """When description, metadata, tags or time to live last changed."""
        return told_time(self._logged("updated_at").updated)

    @property
    def history_step(self) -> int | None:
        """The step of the run that made it, where it is known."""
        return self._logged("history_step").history_step

    @property
    def source_run_id(self) -> str | None:
        """The run that made it; None when it was made by hand."""
        return self._logged("source_run_id").run_id or None

    # --- drafts

    def add_file(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        is_tmp: bool = False,
        skip_cache: bool = False,
        policy: str = "mutable",
        overwrite: bool = False,
    ) -> None:
        """One file under `name` (its own by default); `is_tmp`: named after its content."""
        self._must_be_draft("add a file")
        path = os.path.abspath(os.fspath(local_path))
        if not os.path.isfile(path):
            raise WandbArtifactsIOManagerError(f"Path is not a file: '{os.fspath(local_path)}'")
        entry = name or os.path.basename(path)
        if is_tmp:
            folder, base = os.path.split(entry)
            _, dot, extension = base.partition(".")
            entry = os.path.join(folder, md5_of_file(path).hex()[:20] + dot + extension)
        self._add((entry, "file", path, "", -1, ""), overwrite)

    def add_dir(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        skip_cache: bool = False,
        policy: str = "mutable",
        merge: bool = False,
    ) -> None:
        """All files below a folder, at the top or below `name`."""
        self._must_be_draft("add a folder")
        path = os.path.abspath(os.fspath(local_path))
        if not os.path.isdir(path):
            raise WandbArtifactsIOManagerError(f"Path is not a directory: '{os.fspath(local_path)}'")
        self._folders.append((path, (name or "").strip("/")))

    def add_reference(
        self,
        uri: ArtifactEntry | str,
        name: str | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> None:
        """A URI instead of content: http, https, s3, gs, file and others; or a file of another artifact:
        `draft.add_reference(artifact.get_entry("a.csv"))`.
        """
        self._must_be_draft("add a reference")
        for entry in entries_of(uri, name, checksum, max_objects):
            self._add(entry, False)

    def add(self, obj: WBValue, name: str, overwrite: bool = False) -> None:
        """A W&B object (Table, Image, ...): read back with `get(name)`."""
        from treadle.wandb._values import WBValue

        self._must_be_draft("add an object")
        if not isinstance(obj, WBValue):
            raise WandbArtifactsIOManagerError(
                f"Artifact.add takes a W&B object (Table, Image, ...), not {type(obj).__name__}. Use"
                " add_file or"
                " new_file for files."
            )
        document = obj._to_document(self._add_media)
        self._add((f"{name}.{obj._log_type}.json", "bytes", document, "", -1, ""), overwrite)

    def new_file(
        self, name: str, mode: Literal["x", "w", "wb", "xb"] = "x", encoding: str | None = None
    ) -> Any:
        """A file to write, added when closed: `with artifact.new_file("a.txt") as f:`."""
        self._must_be_draft("add a file")
        return _new_file(self, name, "b" in mode, encoding or "utf-8", "w" in mode)

    def remove(self, item: str | os.PathLike[str] | ArtifactEntry) -> None:
        """Takes a file out of a draft."""
        self._must_be_draft("remove a file")
        path = str(item) if isinstance(item, (str, os.PathLike)) else item.path
        if self._entries.pop(path, None) is not None:
            return
        if path not in self._kept():
            raise FileNotFoundError(f"No such file or directory: {path}")
        self._removed.append(path)

    def _kept(self) -> set[str]:
        """What a draft still has of the version it begins with."""
        gone = tuple(f"{path}/" for path in self._removed)
        paths = {e.path for e in self._base.files()} if self._base is not None else set()
        return {p for p in paths if p not in self._removed and not p.startswith(gone)}

    def _add(self, entry: DraftEntry, overwrite: bool) -> None:
        known = self._entries.get(entry[0])
        kept = self._base is not None and not self._incremental and entry[0] in self._kept()
        if ((known is not None and known != entry) or kept) and not overwrite:
            raise WandbArtifactsIOManagerError(
                f"Cannot add the same path twice: '{entry[0]}' of the artifact '{self._name}' has other"
                " content."
            )
        self._entries[entry[0]] = entry

    def _sign(self, path: str) -> None:
        """The file is a pickle: it is signed when it is logged."""
        entry = self._entries[path]
        self._entries[path] = (path, "signed", *entry[2:])

    def _add_media(self, path: str, content: bytes) -> None:
        self._entries[path] = (path, "bytes", content, "", -1, "")

    def _must_be_draft(self, doing: str) -> None:
        if self._record is not None:
            raise WandbArtifactsIOManagerError(
                f"The artifact '{self.name}' is logged: to {doing}, make a new one."
            )

    def _is_logged_as(self, record: Record, store: Store) -> None:
        self._record = record
        self._store = store
        self._type = record.type
        self._take_edits(record)

    def _logged(self, what: str) -> Record:
        if self._record is None:
            raise ArtifactNotLoggedError(
                f"'Artifact.{what}' is only there once the artifact is logged; '{self._name}' is not yet."
            )
        return self._record

    def _home(self) -> tuple[Store, str]:
        record = self._logged("content")
        if self._store is None:
            raise ArtifactNotLoggedError(f"'{self._name}' belongs to no store.")
        return self._store, record.text

    def wait(self, timeout: int | None = None) -> Artifact:
        """The artifact: logging is complete when it returns."""
        self._logged("wait")
        return self

    @property
    def incremental(self) -> bool:
        """When it is logged, what the latest version has and this draft does not is kept too."""
        return self._incremental

    def new_draft(self) -> Artifact:
        """A draft with all that this version has: add, replace and remove files, and log it."""
        record = self._logged("new_draft")
        draft = Artifact(record.collection, record.type, self.description, dict(self.metadata))
        draft._base = self
        return draft

    def _ready(self, store: Store) -> Artifact:
        """Just before it is logged."""
        if self._incremental:
            from treadle.wandb._api import open_artifact

            latest = store.find(f"{self._name}:latest")
            self._base = open_artifact(store, latest) if latest is not None else None
        return self

    def _log(self, store: Store, aliases: Sequence[str], tags: Sequence[str], run_id: str) -> Record:
        """Makes a version of the draft."""
        ready = self._ready(store)
        record = store.log(
            collection=self._name,
            type=self._type,
            description=self._description or "",
            metadata=self._metadata,
            aliases=[a for a in dict.fromkeys(aliases) if a != "latest"],
            run_id=run_id,
            entries=list(ready._entries.values()),
            folders=ready._folders,
            more=self._beside(tags),
        )
        self._is_logged_as(record, store)
        return record

    def _beside(self, tags: Sequence[str]) -> dict[str, Any]:
        base = self._base._logged("base").id if self._base is not None else 0
        own = list(dict.fromkeys((*self._tags, *tags)))
        return {"tags": own, "ttl_seconds": self._ttl, "base": base, "removed": self._removed}

    # --- versions

    @property
    def manifest(self) -> ArtifactManifest:
        return ArtifactManifest(self._list())

    def _list(self) -> list[ArtifactEntry]:
        if self._listed is None:
            store, text = self._home()
            self._listed = [ArtifactEntry(self, *raw) for raw in store.core.entries(text)]
        return self._listed

    def files(self, names: Sequence[str] | None = None, per_page: int = 50) -> Sequence[ArtifactEntry]:
        """The files, in order of path."""
        return [e for e in self._list() if names is None or e.path in names]

    def get_path(self, name: str) -> ArtifactEntry:
        """The file of this path."""
        name = str(name).removeprefix("./")
        for entry in self._list():
            if entry.path == name:
                return entry
        raise KeyError(f"Path not contained in artifact: {name}. {_told(self)}")

    get_entry = get_path

    def get(self, name: str) -> Any:
        """The W&B object added under this name; None when there is none."""
        from treadle.wandb._artifact_references import referenced
        from treadle.wandb._values import WBValue, from_document, log_types

        if name not in self._values:
            for entry in self._list():
                at = entry.path
                if at == name or any(at == f"{name}.{t}.json" for t in log_types()):
                    if not at.endswith(".json"):
                        continue
                    if (elsewhere := referenced(entry)) is not None:
                        other, there = elsewhere
                        self._values[name] = other.get(there)
                        break
                    store, text = self._home()
                    value = from_document(store.core.read(text, at, False), self._media)
                    if isinstance(value, WBValue):
                        value._opened_in(self)
                    self._values[name] = value
                    break
            else:
                return None
        return self._values[name]

    def _media(self, path: str) -> bytes:
        from treadle.wandb._artifact_references import referenced

        store, text = self._home()
        elsewhere = referenced(self.get_path(path))
        if elsewhere is not None:
            return elsewhere[0]._media(elsewhere[1])
        return store.core.read(text, path, False)

    def download(
        self,
        root: str | os.PathLike[str] | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: str | None = None,
    ) -> str:
        """Writes the files below `root` and returns it; without one, to the cache (read-only there). What
        references lead to is fetched and checked, too; where it cannot be reached, it is left out with a
        warning.
        """
        store, text = self._home()
        if path_prefix is not None:
            root = os.fspath(root) if root is not None else self._own_folder()
            for entry in self._list():
                if entry.path.startswith(path_prefix) and not entry.ref:
                    store.core.download(text, root, entry.path)
            self._fetch_references(root, path_prefix, allow_missing_references)
            return root
        if root is None and not any(entry.ref for entry in self._list()):
            folder = store.core.cached_folder(text, store.cache_folder)
        else:
            folder = os.fspath(root) if root is not None else self._own_folder()
            store.core.download(text, folder, "")
            self._fetch_references(folder, "", allow_missing_references)
        _downloaded[os.path.abspath(folder)] = self
        return folder

    def _fetch_references(self, folder: str, prefix: str, allow_missing: bool) -> None:
        import warnings

        from treadle.wandb._reference_reads import UnreachableReferenceError

        for entry in self._list():
            if entry.ref is None or not entry.path.startswith(prefix):
                continue
            try:
                entry._fetch(folder)
            except UnreachableReferenceError as error:
                warnings.warn(str(error), stacklevel=3)
            except ValueError:
                if not allow_missing:
                    raise

    def _own_folder(self) -> str:
        store, _ = self._home()
        record = self._logged("content")
        parts = (record.entity, record.project, f"{record.collection}.v{record.index}")
        return os.path.join(store.cache_folder, "files", *parts)

    def file(self, root: str | os.PathLike[str] | None = None) -> str:
        """The path of the only file, downloaded."""
        entries = self._list()
        if len(entries) != 1:
            raise ValueError(
                f"This artifact contains {len(entries)} files: use download() or get_path(). {_told(self)}"
            )
        return entries[0].download(root)

    def verify(self, root: str | os.PathLike[str] | None = None) -> None:
        """Reads every file again; raises what is wrong with it. With `root`, the copies there."""
        import base64

        store, text = self._home()
        for entry in self._list():
            if entry.ref:
                continue
            if root is None:
                store.core.read(text, entry.path, False)
            elif base64.b64encode(md5_of_file(os.path.join(root, entry.path))).decode() != entry.digest:
                raise ValueError(f"Digest mismatch for file: {os.path.join(root, entry.path)}")

    def logged_by(self) -> PublicRun | None:
        """The tracked run that made it; None when it was made by hand or by a run that tracks nothing."""
        run_id = self._logged("logged_by").run_id
        found = self._tracked([run_id] if run_id else [])
        return found[0] if found else None

    def used_by(self) -> list[PublicRun]:
        """The tracked runs that read it."""
        store, text = self._home()
        return self._tracked(store.core.users_of(text))

    def _tracked(self, run_ids: Sequence[str]) -> list[PublicRun]:
        from treadle.wandb._public import PublicRun

        store, _ = self._home()
        core = store.host.runs
        record = self._logged("runs")
        runs: list[PublicRun] = []
        for run_id in run_ids:
            near = core.find(record.entity, record.project, run_id)
            found = [near] if near is not None else core.find_by_id(run_id)
            runs.extend(PublicRun(store.host, raw) for raw in found[:1])
        return runs


# Where whole artifacts were downloaded to in this process.
_downloaded: WeakValueDictionary[str, Artifact] = WeakValueDictionary()


def trusted_bytes(folder: str, file: str) -> bytes:
    """A pickle in a folder that an artifact was downloaded to, as its signature vouches for it."""
    from treadle import _core

    artifact = _downloaded.get(os.path.abspath(folder))
    if artifact is not None:
        store, text = artifact._home()
        return store.core.read(text, file, True)
    if not _core.Artifacts.opens_any_pickle():
        raise WandbArtifactsIOManagerError(
            f"{os.path.join(folder, file)} is not known to be of an artifact that this process downloaded, so"
            " nothing vouches for the pickle in it. Download it with Artifact.download() first, or set"
            " TREADLE_PICKLES=any if you trust everybody who could have written it."
        )
    with open(os.path.join(folder, file), "rb") as content:
        return content.read()


class ArtifactEntry:
    """One file or reference of a logged artifact."""

    __slots__ = ("_artifact", "digest", "extra", "path", "ref", "size")

    def __init__(
        self, artifact: Artifact, path: str, digest: str, size: int, reference: str, extra: str
    ) -> None:
        import json

        self._artifact = artifact
        self.path = path
        self.digest = digest
        self.size = size if size >= 0 else None
        self.ref = reference or None
        self.extra: dict[str, Any] = json.loads(extra) if extra else {}

    @property
    def name(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"<ArtifactEntry {self.path} of {self._artifact.name}>"

    def ref_url(self) -> str:
        """What another artifact references this file by."""
        from treadle.wandb._artifact_references import uri_of

        return uri_of(self._artifact, self.path)

    def ref_target(self) -> str:
        if self.ref is None:
            raise ValueError("Only reference entries support ref_target().")
        return self.ref

    def download(self, root: str | os.PathLike[str] | None = None, replace: bool = False) -> str:
        """The path of this file on disk, below `root` or in the cache. Only this file is fetched."""
        if self.ref is not None:
            return self._fetch(os.fspath(root) if root is not None else self._artifact._own_folder())
        store, text = self._artifact._home()
        folder = os.fspath(root) if root is not None else self._artifact._own_folder()
        return store.core.download(text, folder, self.path)[0]

    def _fetch(self, folder: str) -> str:
        """What a reference leads to, checked against its digest."""
        from treadle.wandb._reference_reads import fetch

        return fetch(self, os.path.join(folder, self.path))


class ArtifactManifest:
    """All entries by path."""

    __slots__ = ("entries",)

    def __init__(self, entries: Sequence[ArtifactEntry]) -> None:
        self.entries: Mapping[str, ArtifactEntry] = {e.path: e for e in entries}

    @staticmethod
    def version() -> int:
        return 1

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)


def _told(artifact: Artifact) -> str:
    paths = [e.path for e in artifact.files()]
    shown = ", ".join(repr(p) for p in paths[:20]) + (
        f" and {len(paths) - 20} more" if len(paths) > 20 else ""
    )
    return f"{artifact.name} has: {shown or 'no files'}."


class _NewFile:
    def __init__(self, file: Any, done: Callable[[], None]) -> None:
        self._file = file
        self._done = done

    def __enter__(self) -> Any:
        return self._file

    def __exit__(self, cls: type[BaseException] | None, *_: object) -> None:
        if cls is None:
            self._done()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def close(self) -> None:
        self._done()


def _new_file(artifact: Artifact, name: str, binary: bool, encoding: str, overwrite: bool) -> _NewFile:
    import io

    file: Any = io.BytesIO() if binary else io.StringIO()

    def done() -> None:
        content = file.getvalue() if binary else file.getvalue().encode(encoding)
        artifact._add((name, "bytes", content, "", -1, ""), overwrite)

    return _NewFile(file, done)


def told_time(micros: int) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(micros / 1_000_000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def artifact_of_path(path: str, name: str, type: str) -> Artifact:
    artifact = Artifact(name, type)
    if os.path.isfile(path):
        artifact.add_file(path)
    elif os.path.isdir(path):
        artifact.add_dir(path)
    elif "://" in path:
        artifact.add_reference(path)
    else:
        raise ValueError(
            f"path must be a file, directory or external reference like s3://bucket/path: {path!r}"
        )
    return artifact
