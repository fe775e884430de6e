"""Objects of an installed `wandb` package, understood without importing it."""

from __future__ import annotations

import sys

from treadle._typing import TYPE_CHECKING
from treadle.wandb._artifact import Artifact

if TYPE_CHECKING:
    from typing import Any


def _class(module: str, name: str) -> type | None:
    """A class of the SDK, when the program has imported it."""
    found = getattr(sys.modules.get(module), name, None)
    return found if isinstance(found, type) and not found.__module__.startswith("treadle.") else None


def is_artifact(obj: object) -> bool:
    cls = _class("wandb", "Artifact")
    return cls is not None and isinstance(obj, cls)


def is_value(obj: object) -> bool:
    """A Table, an Image, ... of the SDK."""
    cls = _class("wandb.sdk.data_types.base_types.wb_value", "WBValue")
    return cls is not None and isinstance(obj, cls)


def to_artifact(given: Any) -> Artifact:
    """A draft of the SDK as ours: its files are read where it staged them."""
    artifact = Artifact(given.name, given.type, given.description, dict(given.metadata or {}))
    for path, entry in given.manifest.entries.items():
        if entry.ref is not None:
            import json

            size = -1 if entry.size is None else entry.size
            extra = json.dumps(entry.extra) if entry.extra else ""
            artifact._add((path, "reference", str(entry.ref), str(entry.digest), size, extra), False)
        else:
            artifact._add((path, "file", str(entry.local_path), "", -1, ""), False)
    return artifact


def wrap(value: Any, name: str, type: str) -> Artifact:
    """A bare object of the SDK in an artifact: the SDK writes its files itself."""
    cls: Any = _class("wandb", "Artifact")
    draft = cls(name=name, type=type)
    draft.add(value, value.__class__.__name__)
    return to_artifact(draft)


def to_value(value: Any) -> Any:
    """A Table, an Image, ... of the SDK as ours, by way of the files it writes."""
    from treadle.wandb._values import from_document

    draft = wrap(value, "value", "value")

    def read(path: str) -> bytes:
        with open(str(draft._entries[path][2]), "rb") as file:
            return file.read()

    [document] = [p for p in draft._entries if p.startswith(f"{value.__class__.__name__}.")]
    return from_document(read(document), read)
