"""Reading references: their content is fetched from where it is, and must be what was referenced."""

from __future__ import annotations

import os

from treadle._typing import TYPE_CHECKING
from treadle.wandb import _remote_references as _remote
from treadle.wandb._errors import WandbArtifactsIOManagerError
from treadle.wandb._references import md5_of_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from treadle.wandb._artifact import ArtifactEntry

_SECONDS = 60.0
_CHUNK = 1 << 20


class UnreachableReferenceError(WandbArtifactsIOManagerError):
    """Where a reference leads cannot be asked: no network, no package for it, no such scheme."""


def fetch(entry: ArtifactEntry, target: str) -> str:
    """Writes what the reference leads to, whole or not at all; ValueError when it is not what it was."""
    uri = entry.ref_target()
    scheme = uri.partition("://")[0]
    if scheme == "file":
        chunks = _of_file(entry, uri)
    elif scheme in ("http", "https"):
        chunks = _of_web(entry, uri)
    elif scheme == "s3":
        chunks = _of_s3(entry, uri)
    elif scheme == "gs":
        chunks = _of_gs(entry, uri)
    elif scheme == "wandb-artifact":
        chunks = _of_artifact(entry, uri)
    else:
        raise _unreachable(entry, f"nothing here reads {scheme}://")
    _write(chunks, target, entry)
    return target


def _unreachable(entry: ArtifactEntry, why: str) -> UnreachableReferenceError:
    return UnreachableReferenceError(
        f"'{entry.path}' of {entry._artifact.name} is a reference to {entry.ref}, which is not kept in the"
        f" store and cannot be read ({why}). `ref_target()` is its address."
    )


def _check(entry: ArtifactEntry, found: str) -> None:
    """What identifies content now against what did; entries known by their URI alone are not checked."""
    if entry.digest not in (found, entry.ref):
        raise ValueError(
            f"Digest mismatch for url {entry.ref!r}: expected {entry.digest!r} but found {found!r}. What is"
            " there has changed since it was referenced."
        )


def _write(chunks: Iterable[bytes], target: str, entry: ArtifactEntry) -> None:
    import tempfile

    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    handle, part = tempfile.mkstemp(dir=os.path.dirname(target) or ".", prefix=".part-")
    try:
        size = 0
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                file.write(chunk)
        if entry.size and entry.digest != entry.ref and size != entry.size:
            raise ValueError(
                f"Size mismatch for url {entry.ref!r}: expected {entry.size} bytes but found {size}."
            )
        os.chmod(part, 0o644)
        os.replace(part, target)
    except BaseException:
        os.unlink(part)
        raise


def _pieces(file: object) -> Iterator[bytes]:
    while piece := file.read(_CHUNK):  # type: ignore[attr-defined]
        yield piece


def _of_file(entry: ArtifactEntry, uri: str) -> Iterator[bytes]:
    import base64
    import hashlib
    from pathlib import Path
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(uri)
    path = parts.netloc + unquote(parts.path)
    if not os.path.isfile(path):
        raise ValueError(f"Failed to find file at path {path}, where the reference {uri!r} leads.")
    place = Path(path).resolve().as_uri()  # what is known without a checksum
    by_place = base64.b64encode(hashlib.md5(place.encode(), usedforsecurity=False).digest()).decode()
    if entry.digest != by_place:
        _check(entry, base64.b64encode(md5_of_file(path)).decode())
    with open(path, "rb") as file:
        yield from _pieces(file)


def _of_artifact(entry: ArtifactEntry, uri: str) -> Iterator[bytes]:
    import tempfile

    from treadle._errors import TreadleError
    from treadle.wandb._artifact_references import target_of

    try:
        target = target_of(entry._artifact._home()[0], uri)
    except (TreadleError, KeyError) as error:
        if isinstance(error, TreadleError) and error.code != "not_found":
            raise
        raise ValueError(f"The reference {uri!r} leads nowhere: {error}") from None
    _check(entry, target.digest)
    with tempfile.TemporaryDirectory() as folder, open(target.download(folder), "rb") as file:
        yield from _pieces(file)


def _of_web(entry: ArtifactEntry, uri: str) -> Iterator[bytes]:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    if not _remote.may_ask():
        raise _unreachable(entry, "WANDB_MODE is offline")
    try:
        answer = urlopen(uri, timeout=_SECONDS)
    except HTTPError as error:
        if error.code in (404, 410):
            raise ValueError(
                f"The reference {uri!r} leads nowhere: the server answered {error.code} {error.reason}."
            ) from None
        raise _unreachable(entry, f"the server answered {error.code} {error.reason}") from None
    except OSError as error:
        raise _unreachable(entry, str(error)) from None
    with answer:
        tag = answer.headers.get("ETag")
        _check(entry, tag.removeprefix("W/").strip('"') if tag else uri)
        yield from _pieces(answer)


def _of_s3(entry: ArtifactEntry, uri: str) -> Iterator[bytes]:
    from importlib import import_module
    from urllib.parse import urlsplit

    if not _remote.may_ask():
        raise _unreachable(entry, "WANDB_MODE is offline")
    parts = urlsplit(uri)
    version = entry.extra.get("versionID")
    chosen = {"VersionId": version} if version else {}
    try:
        client = import_module("boto3").client(
            "s3", endpoint_url=os.environ.get("AWS_S3_ENDPOINT_URL") or None
        )
        found = client.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"), **chosen)
    except Exception as error:  # no package, no credentials, no network
        raise _unreachable(entry, str(error)) from None
    _check(entry, found["ETag"].strip('"'))
    yield from _pieces(found["Body"])


def _of_gs(entry: ArtifactEntry, uri: str) -> Iterator[bytes]:
    from importlib import import_module
    from urllib.parse import urlsplit

    if not _remote.may_ask():
        raise _unreachable(entry, "WANDB_MODE is offline")
    parts = urlsplit(uri)
    try:
        bucket = import_module("google.cloud.storage").Client().bucket(parts.netloc)
        blob = bucket.get_blob(parts.path.lstrip("/"), generation=entry.extra.get("versionID"))
    except Exception as error:  # no package, no credentials, no network
        raise _unreachable(entry, str(error)) from None
    if blob is None:
        raise ValueError(f"The reference {uri!r} leads to no object.")
    _check(entry, blob.etag)
    yield blob.download_as_bytes()
