"""Values of a history row as the SDK writes them: media become files of the run, tables an artifact too."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._histogram import Histogram
from treadle.wandb._plain import logged_array
from treadle.wandb._values import Audio, Html, Image, Media, Molecule, Object3D, Table, Video, WBValue

if TYPE_CHECKING:
    from typing import Any

    from treadle.wandb._image_layers import BoundingBoxes2D
    from treadle.wandb._run import Run

# How a list of media is told: type, and the name of the list of what each says.
_LISTS: tuple[tuple[type[Media], str, str], ...] = (
    (Audio, "audio", "audio"),
    (Html, "html", "html"),
    (Video, "videos", "videos"),
    (Object3D, "object3D", "objects"),
    (Molecule, "molecule", ""),
)


def history_value(run: Run, key: str, value: Any, step: int) -> Any:
    """What stands in the row for a value."""
    cls = type(value)
    if value is None or cls in (int, float, str, bool):
        return value
    if isinstance(value, WBValue):
        return _object(run, key, value, step)
    if isinstance(value, dict):
        return {str(k): history_value(run, f"{key}.{k}", v, step) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        if value and all(isinstance(v, Media) and type(v) is type(value[0]) for v in value):
            return _media_list(run, key, value, step)
        return [history_value(run, f"{key}_{i}", v, step) for i, v in enumerate(value)]
    from treadle.wandb import _sdk

    if _sdk.is_value(value):
        return _object(run, key, _sdk.to_value(value), step)
    if hasattr(value, "savefig") or hasattr(value, "to_plotly_json"):
        return _object(run, key, _figure(value), step)
    return logged_array(value)


def _object(run: Run, key: str, value: WBValue, step: int) -> dict[str, Any]:
    if isinstance(value, Histogram):
        return value._to_history()
    if isinstance(value, Table):
        return _table(run, key, value, step)
    if isinstance(value, Media):
        return _media(run, key, value, step)
    raise TypeError(f"{type(value).__name__} cannot be logged by itself: add it to an Artifact.")


def _media(run: Run, key: str, media: Media, step: int) -> dict[str, Any]:
    from treadle import _core

    digest = _core.sha256_hex(media.content)
    path = f"media/{media._folder}/{key}_{step}_{digest[:20]}.{media._format}"
    run._put(path, media.content)
    said: dict[str, Any] = {
        "_type": media._log_type,
        "sha256": digest,
        "size": len(media.content),
        "path": path,
    }
    if isinstance(media, Image):
        said["format"] = media._format
        if media.width:
            said["width"], said["height"] = media.width, media.height
        if media._grouping:
            said["grouping"] = media._grouping
        if media._boxes:
            said["boxes"] = {k: _boxes(run, key, box, step) for k, box in media._boxes.items()}
        if media._masks:
            said["masks"] = {k: _media(run, key, mask, step) for k, mask in media._masks.items()}
    if media._caption is not None:
        said["caption"] = media._caption
    return said


def _boxes(run: Run, key: str, boxes: BoundingBoxes2D, step: int) -> dict[str, Any]:
    from treadle import _core

    content = boxes.document()
    digest = _core.sha256_hex(content)
    path = f"media/metadata/boxes2D/{key}_{step}_{digest[:20]}.boxes2D.json"
    run._put(path, content)
    return {"_type": "boxes2D", "sha256": digest, "size": len(content), "path": path}


def _media_list(run: Run, key: str, items: Any, step: int) -> dict[str, Any]:
    told = [_media(run, key, item, step) for item in items]
    captions = [item._caption for item in items]
    said: dict[str, Any]
    if isinstance(items[0], Image):
        first = items[0]
        said = {
            "_type": "images/separated",
            "width": first.width,
            "height": first.height,
            "format": first._format,
            "filenames": [t["path"] for t in told],
            "count": len(told),
        }
        for name in ("boxes", "masks"):
            if any(name in t for t in told):
                said[f"all_{name}"] = [t.get(name) for t in told]
    else:
        kind, name = next(
            ((kind, name) for cls, kind, name in _LISTS if isinstance(items[0], cls)),
            (items[0]._log_type.removesuffix("-file"), "items"),
        )
        said = {"_type": kind, "count": len(told)}
        if kind in ("object3D", "molecule"):
            said["filenames"] = [t["path"].rpartition("/")[2] for t in told]
        if name:
            said[name] = told
    if any(caption is not None for caption in captions):
        said["captions"] = [caption or "" for caption in captions]
    return said


def _table(run: Run, key: str, table: Table, step: int) -> dict[str, Any]:
    import json

    from treadle import _core
    from treadle.wandb._artifact import Artifact

    artifact = Artifact(f"run-{run.id}-{_artifact_part(key)}", "run_table")
    entry = _artifact_part(key)
    artifact.add(table, entry)
    logged = run.log_artifact(artifact)
    rows = [[_cell(run, key, v, step) for v in row] for row in table.data]
    content = json.dumps({"columns": table.columns, "data": rows}, separators=(",", ":")).encode()
    digest = _core.sha256_hex(content)
    path = f"media/table/{key}_{step}_{digest[:20]}.table.json"
    run._put(path, content)
    place = f"wandb-artifact://{logged.entity}/{logged.project}/{logged.name}/{entry}.table.json"
    return {
        "_type": "table-file",
        "sha256": digest,
        "size": len(content),
        "artifact_path": place,
        "_latest_artifact_path": place.replace(f":v{logged._logged('version').index}/", ":latest/"),
        "path": path,
        "ncols": len(table.columns),
        "nrows": len(table.data),
        "log_mode": table.log_mode,
    }


def _cell(run: Run, key: str, value: Any, step: int) -> Any:
    if isinstance(value, Media):
        return _media(run, key, value, step)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def _artifact_part(key: str) -> str:
    """The key as a part of an artifact's name: its letters, digits, '_', '-' and '.'."""
    return "".join(c for c in key if c.isalnum() or c in "_-.")


def _figure(figure: Any) -> Media:
    """A figure of matplotlib (as a picture) or of Plotly."""
    from treadle.wandb._values import Plotly

    if hasattr(figure, "to_plotly_json"):
        return Plotly(figure)
    return Image(figure.gcf() if hasattr(figure, "gcf") else figure)
