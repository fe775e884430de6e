"""What lies over an image: boxes around things, and masks that say which pixel is of which class."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._values import Media

if TYPE_CHECKING:
    from typing import Any

_CORNERS = ("minX", "maxX", "minY", "maxY")


class BoundingBoxes2D:
    """{"box_data": [{"position": ..., "class_id": ..., "box_caption": ..., "scores": ...}],
    "class_labels": {1: "cat"}}. A position is corners (minX, maxX, minY, maxY) or middle, width and height.
    """

    def __init__(self, val: dict[str, Any], key: str = "") -> None:
        from treadle.wandb._plain import plain

        self.boxes: list[dict[str, Any]] = [dict(b) for b in plain(val["box_data"])]
        for box in self.boxes:
            position = box.get("position", {})
            if not all(name in position for name in _CORNERS) and not (
                len(position.get("middle", ())) == 2 and "width" in position and "height" in position
            ):
                raise TypeError(
                    "Each box must contain a position with: middle, width, and height or minX, maxX, minY,"
                    f" maxY: {box!r} of {key!r} does not."
                )
            if not isinstance(box.get("class_id", 0), int):
                raise TypeError("A box's class_id must be an integer")
        numbers = sorted({box["class_id"] for box in self.boxes if "class_id" in box})
        self.labels: dict[int, str] = val.get("class_labels") or {n: f"class_{n}" for n in numbers}

    def document(self) -> bytes:
        """The file of a run."""
        import json

        labels = {str(number): name for number, name in self.labels.items()}
        document = {"box_data": self.boxes, "class_labels": labels}
        return json.dumps(document, separators=(",", ":")).encode()


class ImageMask(Media):
    """{"mask_data": a class number for each pixel, "class_labels": {1: "cat"}}, or {"path": of a picture}."""

    _log_type = "mask"
    _folder = "images/mask"
    _format = "mask.png"

    def __init__(self, val: dict[str, Any], key: str = "") -> None:
        from treadle.wandb import _png

        self.labels: dict[int, str] = dict(val.get("class_labels") or {})
        if "path" in val:
            super().__init__(val["path"])
        elif getattr(val.get("mask_data"), "ndim", 2) != 2 or "mask_data" not in val:
            raise TypeError(f"mask_data of {key!r} must be a 2D array")
        else:
            data = val["mask_data"]
            rows = data.tolist() if hasattr(data, "tolist") else [list(row) for row in data]
            numbers = sorted({int(n) for row in rows for n in row})
            if any(not 0 <= n <= 255 for n in numbers):
                raise TypeError("Mask data must be between 0 and 255")
            self.labels = self.labels or {n: f"class_{n}" for n in numbers}
            width = len(rows[0]) if rows else 0
            super().__init__(_png._encode(width, len(rows), 0, [bytes(int(n) for n in row) for row in rows]))
        self._format = "mask.png"
