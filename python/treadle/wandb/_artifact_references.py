"""References to files of other artifacts: `wandb-artifact://<the artifact's id, its bytes in hex>/<path>`."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._errors import WandbArtifactsIOManagerError

if TYPE_CHECKING:
    from treadle.wandb._artifact import Artifact, ArtifactEntry
    from treadle.wandb._store import DraftEntry, Store

SCHEME = "wandb-artifact"


def uri_of(artifact: Artifact, path: str) -> str:
    import base64

    return f"{SCHEME}://{base64.b64decode(artifact.id).hex()}/{path}"


def parts_of(uri: str) -> tuple[int, str]:
    """The artifact's number and the path in it."""
    from urllib.parse import urlsplit

    parts = urlsplit(uri)
    try:
        kind, _, number = bytes.fromhex(parts.netloc).decode().rpartition(":")
        if parts.scheme == SCHEME and kind == "Artifact":
            return int(number), uri.partition("://")[2].partition("/")[2]
    except ValueError:
        pass
    raise WandbArtifactsIOManagerError(
        f"{uri!r} names no artifact: a reference to a file of one is {SCHEME}://ID/PATH, as"
        " `artifact.get_entry(path).ref_url()` says it."
    )


def referenced(entry: ArtifactEntry) -> tuple[Artifact, str] | None:
    """The artifact that an entry refers to, with the path there; None when it refers to none."""
    if entry.ref is None or not entry.ref.startswith(f"{SCHEME}://"):
        return None
    return _open(entry._artifact._home()[0], entry.ref)


def target_of(store: Store, uri: str) -> ArtifactEntry:
    """The entry that a URI leads to."""
    artifact, path = _open(store, uri)
    return artifact.get_path(path)


def entry_to(target: ArtifactEntry, name: str | None) -> DraftEntry:
    """A reference to `target`; when that is one to a file of an artifact itself, to what it refers to."""
    own = target.ref is not None and target.ref.startswith(f"{SCHEME}://")
    uri = target.ref_target() if own else target.ref_url()
    return (name or target.path.rpartition("/")[2], "reference", uri, target.digest, 0, "")


def _open(store: Store, uri: str) -> tuple[Artifact, str]:
    from treadle.wandb._api import open_artifact

    number, path = parts_of(uri)
    return open_artifact(store, store.get_version(number)), path
