"""References: entries that name content elsewhere. What identifies it is the checksum of a local file, what
the store that has it says of it, or else the URI itself.
"""

from __future__ import annotations

import os

from treadle._typing import TYPE_CHECKING
from treadle.wandb import _remote_references as _remote
from treadle.wandb._errors import WandbArtifactsIOManagerError

if TYPE_CHECKING:
    from treadle.wandb._artifact import ArtifactEntry
    from treadle.wandb._store import DraftEntry

_REMOTE = ("http", "https", "s3", "gs")


def entries_of(
    uri: ArtifactEntry | str, name: str | None, checksum: bool, max_objects: int | None
) -> list[DraftEntry]:
    """A folder, or a prefix of an object store, is one entry per file; anything else is one entry. Without
    `checksum` nothing is looked at.
    """
    from urllib.parse import unquote, urlsplit

    from treadle.wandb import _artifact_references as _artifacts

    if not isinstance(uri, str):
        return [_artifacts.entry_to(uri, name)]
    parts = urlsplit(uri)
    if parts.scheme == _artifacts.SCHEME:
        from treadle.wandb._api import Api

        return [_artifacts.entry_to(_artifacts.target_of(Api()._store(), uri), name)]
    if not parts.scheme:
        raise WandbArtifactsIOManagerError(
            f"References must be URIs. To reference a local file, use file://: {uri!r} has no scheme."
        )
    limit = max_objects or 10_000_000
    if parts.scheme == "file":
        return _local(uri, parts.netloc + unquote(parts.path), name, checksum, limit)
    path = name
    if path is None and parts.scheme in _REMOTE:
        path = unquote(parts.path).rstrip("/").rpartition("/")[2]
    if checksum and _remote.may_ask():
        found: list[DraftEntry] | None = None
        if parts.scheme == "s3":
            found = _remote.s3_entries(uri, name, limit)
        elif parts.scheme == "gs":
            found = _remote.gs_entries(uri, name, limit)
        elif parts.scheme in ("http", "https") and path:
            told = _remote.web_entry(uri, path)
            found = [told] if told is not None else None
        if found is not None:
            return found
    if not path:
        raise WandbArtifactsIOManagerError(
            f"The reference {uri!r} needs a 'name': its URI does not end with one."
        )
    return [(path, "reference", uri, uri, -1, "")]


def _local(uri: str, path: str, name: str | None, checksum: bool, limit: int) -> list[DraftEntry]:
    if os.path.isfile(path):
        return [(name or os.path.basename(path), "reference", uri, *_identity(path, checksum), "")]
    if not os.path.isdir(path):
        raise WandbArtifactsIOManagerError(f"The reference {uri!r} leads to no file or folder.")
    entries: list[DraftEntry] = []
    for folder, _, files in sorted(os.walk(path)):
        for file in sorted(files):
            full = os.path.join(folder, file)
            relative = os.path.relpath(full, path)
            if len(entries) == limit:
                raise WandbArtifactsIOManagerError(
                    f"The folder of the reference {uri!r} holds more than {limit} files: raise"
                    " 'max_objects', or"
                    " reference a part of it."
                )
            own = f"{uri.rstrip('/')}/{relative}"
            at = f"{name}/{relative}" if name else relative
            entries.append((at, "reference", own, *_identity(full, checksum), ""))
    return entries


def _identity(path: str, checksum: bool) -> tuple[str, int]:
    """(digest, size): of the content, or, without reading it, of where it is."""
    import base64
    import hashlib
    from pathlib import Path

    if checksum:
        md5 = md5_of_file(path)
    else:
        place = Path(path).resolve().as_uri()
        md5 = hashlib.md5(place.encode(), usedforsecurity=False).digest()
    return base64.b64encode(md5).decode(), os.path.getsize(path)


def md5_of_file(path: str) -> bytes:
    import hashlib

    md5 = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            md5.update(block)
    return md5.digest()
