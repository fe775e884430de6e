"""W&B objects kept in artifacts, in the SDK's file formats: Table, Image, Html and the other media."""

from __future__ import annotations

import os

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from treadle.wandb._artifact import Artifact

    # Takes a file that belongs to the object: its path in the artifact, and its content.
    AddMedia = Callable[[str, bytes], None]
    # The content of a file of the artifact.
    ReadMedia = Callable[[str], bytes]


class WBValue:
    """Base of what `Artifact.add` takes and `Artifact.get` gives back."""

    _log_type = ""

    def _to_json(self, add: AddMedia) -> dict[str, Any]:
        raise NotImplementedError

    def _to_document(self, add: AddMedia) -> bytes:
        import json

        return json.dumps(self._to_json(add), sort_keys=True).encode()

    @classmethod
    def _from_json(cls, document: dict[str, Any], read: ReadMedia) -> Any:
        raise NotImplementedError

    def _opened_in(self, artifact: Artifact) -> None:
        """Called when it was read from an artifact: to look at other files of it."""


class Media(WBValue):
    """A file with a caption."""

    _folder = ""
    _format = ""

    def __init__(self, data_or_path: Any, caption: str | None = None) -> None:
        self._caption = caption
        self._base = ""  # the user's own file name, kept
        named = getattr(data_or_path, "name", None)
        if isinstance(named, str) and os.path.isfile(named) and hasattr(data_or_path, "read"):
            data_or_path = named  # an open file
        if isinstance(data_or_path, (str, os.PathLike)):
            path = os.fspath(data_or_path)
            with open(path, "rb") as file:
                self._content = file.read()
            self._base = os.path.basename(path)
            self._format = os.path.splitext(path)[1].lstrip(".") or self._format
        elif isinstance(data_or_path, bytes):
            self._content = data_or_path
        elif hasattr(data_or_path, "read"):
            content = data_or_path.read()
            self._content = content.encode() if isinstance(content, str) else content
        else:
            raise TypeError(
                f"{type(self).__name__} takes a path, bytes or an open file, not {data_or_path!r}."
            )

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is type(self) and other._content == self._content and other._caption == self._caption
        )

    __hash__ = object.__hash__

    @property
    def caption(self) -> str | None:
        return self._caption

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return self._content

    @property
    def format(self) -> str:
        return self._format

    def _path(self) -> str:
        """The user's files below their SHA-256, what was made of values by its MD5."""
        import hashlib

        if self._base:
            own = f"{hashlib.sha256(self._content).hexdigest()[:20]}/{self._base}"
        else:
            unique = hashlib.md5(self._content, usedforsecurity=False).hexdigest()[:20]
            own = f"{unique}.{self._format}"
        return f"media/{self._folder}/{own}"

    def _to_json(self, add: AddMedia) -> dict[str, Any]:
        from treadle import _core

        path = self._path()
        add(path, self._content)
        document: dict[str, Any] = {
            "_type": self._log_type,
            "path": path,
            "sha256": _core.sha256_hex(self._content),
        }
        if self._caption is not None:
            document["caption"] = self._caption
        return document

    @classmethod
    def _from_json(cls, document: dict[str, Any], read: ReadMedia) -> Any:
        made = cls.__new__(cls)
        made._caption = document.get("caption")
        made._content = read(document["path"])
        base = document["path"].rpartition("/")[2]
        made._base = base if document["path"].count("/") > 2 else ""
        made._format = document.get("format") or base.rpartition(".")[2]
        made._take(document)
        return made

    def _take(self, document: dict[str, Any]) -> None:
        """What else the document says."""


class Html(Media):
    """A page: text, a path to an .html file, or an open file."""

    _log_type = "html-file"
    _folder = "html"
    _format = "html"
    _HEAD = (
        '<base target="_blank"><link rel="stylesheet" type="text/css"'
        ' href="https://app.wandb.ai/normalize.css" />'
    )

    def __init__(self, data: Any, inject: bool = True, data_is_not_path: bool = False) -> None:
        if isinstance(data, str) and (data_is_not_path or not os.path.exists(data)):
            data = data.encode()
        super().__init__(data)
        self._base = ""
        if inject:
            self.html = self._injected(self.html)

    @property
    def html(self) -> str:
        return self._content.decode()

    @html.setter
    def html(self, text: str) -> None:
        self._content = text.encode()

    def _injected(self, text: str) -> str:
        if "<head>" in text:
            return text.replace("<head>", f"<head>{self._HEAD}", 1)
        if "<html>" in text:
            return text.replace("<html>", f"<html><head>{self._HEAD}</head>", 1)
        return self._HEAD + text


class Image(Media):
    """A picture: a path, a NumPy array (height x width, or x 1, 3 or 4 channels), a PIL image, an Image."""

    width: int
    height: int
    _log_type = "image-file"
    _folder = "images"
    _format = "png"

    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Any = None,
        boxes: dict[str, Any] | None = None,
        masks: dict[str, Any] | None = None,
        file_type: str | None = None,
        normalize: bool = True,
    ) -> None:
        from treadle.wandb import _png

        self._grouping = grouping
        self._lay(classes, boxes, masks)
        if isinstance(data_or_path, Image):
            super().__init__(data_or_path._content, caption if caption is not None else data_or_path._caption)
            self._base, self._format = data_or_path._base, data_or_path._format
            self.width, self.height = data_or_path.width, data_or_path.height
            return
        if hasattr(data_or_path, "savefig"):  # matplotlib
            data_or_path = _png.of_figure(data_or_path)
        elif hasattr(data_or_path, "save") and hasattr(data_or_path, "getbands"):  # PIL
            data_or_path = _png.of_pil(data_or_path, mode)
        elif hasattr(data_or_path, "shape"):
            data_or_path = _png.of_array(data_or_path, normalize)
        super().__init__(data_or_path, caption)
        self.width, self.height = _png.size_of(self._content)

    def _lay(self, classes: Any, boxes: dict[str, Any] | None, masks: dict[str, Any] | None) -> None:
        from treadle.wandb._image_layers import BoundingBoxes2D, ImageMask
        from treadle.wandb._joined import Classes

        self._boxes = {
            key: box if isinstance(box, BoundingBoxes2D) else BoundingBoxes2D(box, key)
            for key, box in (boxes or {}).items()
        }
        self._masks = {
            key: mask if isinstance(mask, ImageMask) else ImageMask(mask, key)
            for key, mask in (masks or {}).items()
        }
        named: dict[Any, str] = {}
        for box in self._boxes.values():
            named.update(box.labels)
        for mask in self._masks.values():
            named.update(mask.labels)
        given = classes._class_set if isinstance(classes, Classes) else list(classes or ())
        named.update({c["id"]: c["name"] for c in given})
        self._classes = Classes([{"id": i, "name": n} for i, n in named.items()]) if named else None

    @property
    def image(self) -> Any:
        """As a PIL image."""
        import io
        from importlib import import_module

        return import_module("PIL.Image").open(io.BytesIO(self._content))

    def _to_json(self, add: AddMedia) -> dict[str, Any]:
        document = super()._to_json(add)
        document["format"] = self._format
        if self.width:
            document["width"] = self.width
            document["height"] = self.height
        if self._grouping:
            document["grouping"] = self._grouping
        if self._classes is not None:
            document["classes"] = self._classes._kept_for_image(add)
        if self._boxes:
            document["boxes"] = {key: box.boxes for key, box in self._boxes.items()}
        if self._masks:
            document["masks"] = {key: mask._to_json(add) for key, mask in self._masks.items()}
        return document

    @classmethod
    def _from_json(cls, document: dict[str, Any], read: ReadMedia) -> Any:
        from treadle.wandb._image_layers import BoundingBoxes2D, ImageMask

        made = super()._from_json(document, read)
        made._grouping = document.get("grouping")
        made._boxes = {k: BoundingBoxes2D({"box_data": b}, k) for k, b in document.get("boxes", {}).items()}
        made._masks = {k: ImageMask._from_json(m, read) for k, m in document.get("masks", {}).items()}
        known = document.get("classes")
        made._classes = from_document(read(known["path"]), read) if known else None
        return made

    def _take(self, document: dict[str, Any]) -> None:
        self.width = document.get("width", 0)
        self.height = document.get("height", 0)


class Audio(Media):
    """A sound: a file (path, bytes or open), or samples between -1 and 1 with their `sample_rate`; samples of
    several channels are a list per moment.
    """

    _log_type = "audio-file"
    _folder = "audio"
    _format = "wav"

    def __init__(self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None) -> None:
        if not isinstance(data_or_path, (str, bytes, os.PathLike)) and not hasattr(data_or_path, "read"):
            if sample_rate is None:
                raise ValueError(
                    'Argument "sample_rate" is required when instantiating wandb.Audio with raw data.'
                )
            data_or_path = _wav(data_or_path, sample_rate)
        super().__init__(data_or_path, caption)


class Video(Media):
    """A video: a file (path, bytes or open), or frames: an array of time x channels x height x width, or of
    several of these, with the `format` to write (gif, mp4, webm, ogg) and frames a second (4).
    """

    _log_type = "video-file"
    _folder = "videos"
    _format = "mp4"

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: int | None = None,
        format: str | None = None,
    ) -> None:
        from treadle.wandb import _video

        self._size: tuple[int, int] | None = None
        if isinstance(data_or_path, (str, os.PathLike)):
            _video.check_format(os.path.splitext(data_or_path)[1][1:].lower(), "a path")
            super().__init__(data_or_path, caption)
            return
        if hasattr(data_or_path, "numpy"):  # a tensor
            data_or_path = data_or_path.numpy()
        if hasattr(data_or_path, "shape"):
            chosen = _video.check_format(format, "a numpy array")
            content, *size = _video.encoded(data_or_path, chosen, fps or 4)
            super().__init__(content, caption)
            self._size = (size[0], size[1])
        else:
            chosen = _video.check_format(format, "raw bytes (an io object)")
            super().__init__(data_or_path, caption)
        if not self._base:
            self._format = chosen

    def _to_json(self, add: AddMedia) -> dict[str, Any]:
        document = super()._to_json(add)
        if self._size is not None:
            document["width"], document["height"] = self._size
        return document

    def _take(self, document: dict[str, Any]) -> None:
        size = (document.get("width", 0), document.get("height", 0))
        self._size = size if all(size) else None


class Molecule(Media):
    """A molecule file: a path, bytes or an open file of it."""

    _log_type = "molecule-file"
    _folder = "molecule"
    _format = "pdb"


class Object3D(Media):
    """A 3D file (path, bytes or open); an array of points, a row of 3, 4 or 6 numbers each; or a scene:
    {"type": "lidar/beta", "points": ..., "boxes": ..., "vectors": ...}.
    """

    _log_type = "object3D-file"
    _folder = "object3D"
    _format = "obj"

    def __init__(self, data_or_path: Any, caption: str | None = None) -> None:
        points = None
        if isinstance(data_or_path, dict):
            if data_or_path.get("type") != "lidar/beta":
                raise ValueError("Type not supported, only 'lidar/beta' is currently supported")
            order = ("type", "vectors", "points", "boxes")
            points = {k: _plain_list(data_or_path[k]) for k in order if k in data_or_path}
        elif hasattr(data_or_path, "shape"):
            points = _plain_list(data_or_path)
            if any(len(row) not in (3, 4, 6) for row in points):
                raise ValueError("The array of points must be n x 3, n x 4 or n x 6.")
        if points is not None:
            import json

            self._format = "pts.json"
            data_or_path = json.dumps(points, separators=(",", ":")).encode()
        super().__init__(data_or_path, caption)
        if points is not None:
            self._format = "pts.json"


def _plain_list(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain_list(v) for v in value]
    if isinstance(value, dict):
        return {k: _plain_list(v) for k, v in value.items()}
    return value


def _wav(samples: Any, rate: int) -> bytes:
    """16 bits a sample, as SoundFile writes WAV."""
    import io
    import wave

    rows = samples.tolist() if hasattr(samples, "tolist") else list(samples)
    channels = len(rows[0]) if rows and isinstance(rows[0], (list, tuple)) else 1
    flat = [v for row in rows for v in row] if channels > 1 else rows
    if any(isinstance(v, float) for v in flat):
        flat = [max(-32768, min(32767, round(v * 32767))) for v in flat]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(int(v).to_bytes(2, "little", signed=True) for v in flat))
    return file.getvalue()


class Bokeh(Media):
    """A Bokeh document or plot, or a path to its JSON."""

    _log_type = "bokeh-file"
    _folder = "bokeh"
    _format = "bokeh.json"

    def __init__(self, data_or_path: Any) -> None:
        if hasattr(data_or_path, "to_json") or hasattr(data_or_path, "references"):
            import json
            from importlib import import_module

            documents = import_module("bokeh.document")
            if not isinstance(data_or_path, documents.Document):
                document = documents.Document()
                document.add_root(data_or_path)
                data_or_path = document
            data_or_path = json.dumps(data_or_path.to_json()).encode()
        super().__init__(data_or_path)


class Plotly(Media):
    """A Plotly figure, or a path to its JSON."""

    _log_type = "plotly-file"
    _folder = "plotly"
    _format = "plotly.json"

    def __init__(self, val: Any) -> None:
        super().__init__(val.to_json().encode() if hasattr(val, "to_json") else val)


class Table(WBValue):
    """Rows under named columns; cells are numbers, text, booleans, None, lists, dictionaries and media."""

    _log_type = "table"

    def __init__(
        self,
        columns: Sequence[Any] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool = True,
        allow_mixed_types: bool = False,
        log_mode: str = "IMMUTABLE",
    ) -> None:
        self._mixed = allow_mixed_types
        self._optional = optional
        if log_mode not in ("IMMUTABLE", "MUTABLE", "INCREMENTAL"):
            raise ValueError(f"log_mode must be 'IMMUTABLE', 'MUTABLE' or 'INCREMENTAL', not {log_mode!r}.")
        self.log_mode = log_mode
        frame = dataframe if dataframe is not None else data if hasattr(data, "iterrows") else None
        if frame is not None:
            self.columns = [str(c) if not isinstance(c, (str, int)) else c for c in frame.columns]
            given: Any = [list(row) for row in frame.itertuples(index=False, name=None)]
        else:
            self.columns = list(columns) if columns is not None else ["Input", "Output", "Expected"]
            given = data if data is not None else rows if rows is not None else []
            given = given.tolist() if hasattr(given, "tolist") else given
        self.data: list[list[Any]] = []
        for row in given:
            self.add_data(*row)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and other.columns == self.columns and other.data == self.data

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Table {len(self.data)} rows of {', '.join(str(c) for c in self.columns)}>"

    def add_data(self, *data: Any) -> None:
        """Adds a row."""
        if len(data) != len(self.columns):
            raise ValueError(
                f"This table expects {len(self.columns)} columns: {self.columns}, found {len(data)}"
            )
        self.data.append([_plain(v) for v in data])

    def add_row(self, *row: Any) -> None:
        self.add_data(*row)

    def add_column(self, name: str, data: Any, optional: bool = False) -> None:
        """Adds a column; a list or array as long as the table, unless the table is empty."""
        values = [_plain(v) for v in data]
        if self.data and len(values) != len(self.data):
            raise ValueError(f"Expected length {len(self.data)}, found {len(values)}")
        if not self.data:
            if self.columns:
                self.columns = []
            self.data = [[] for _ in values]
        self.columns.append(name)
        for row, value in zip(self.data, values):
            row.append(value)

    def get_column(self, name: str, convert_to: str | None = None) -> Any:
        """The values of a column, as a list or with convert_to="numpy" as an array."""
        if name not in self.columns:
            raise KeyError(f"The table has no column {name!r}; its columns are: {self.columns}.")
        at = self.columns.index(name)
        values = [row[at] for row in self.data]
        if convert_to == "numpy":
            from importlib import import_module

            return import_module("numpy").array(values)
        if convert_to is not None:
            raise ValueError('convert_to must be None or "numpy".')
        return values

    def get_index(self) -> list[int]:
        return list(range(len(self.data)))

    def get_dataframe(self) -> Any:
        from importlib import import_module

        return import_module("pandas").DataFrame.from_records(self.data, columns=self.columns)

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        yield from enumerate(self.data)

    def _to_json(self, add: AddMedia) -> dict[str, Any]:
        from treadle.wandb._column_types import column_types

        types = column_types(self.columns, self.data, self._mixed, self._optional)
        data = [[v._to_json(add) if isinstance(v, WBValue) else _cell(v) for v in row] for row in self.data]
        return {
            "_type": "table",
            "column_types": types,
            "columns": self.columns,
            "data": data,
            "log_mode": self.log_mode,
            "ncols": len(self.columns),
            "nrows": len(self.data),
        }

    @classmethod
    def _from_json(cls, document: dict[str, Any], read: ReadMedia) -> Table:
        log_mode = document.get("log_mode") or "IMMUTABLE"
        table = cls(columns=document["columns"], allow_mixed_types=True, log_mode=log_mode)
        types = document.get("column_types", {}).get("params", {}).get("type_map", {})
        times = [_holds(types.get(str(c)), "timestamp") for c in table.columns]
        table.data = [
            [_read_cell(value, read, time) for value, time in zip(row, times)] for row in document["data"]
        ]
        return table


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's; other values as they are."""
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    return None if isinstance(value, float) and value != value else value


def _cell(value: Any) -> Any:
    from datetime import date, datetime, timezone

    if isinstance(value, datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)
        return int(moment.timestamp() * 1000)
    if isinstance(value, date):
        return int(datetime(value.year, value.month, value.day, tzinfo=timezone.utc).timestamp() * 1000)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, tuple):
        return [_cell(v) for v in value]
    return value


def _read_cell(value: Any, read: ReadMedia, time: bool) -> Any:
    if isinstance(value, dict) and value.get("_type") in _classes():
        return _classes()[value["_type"]]._from_json(value, read)
    if time and isinstance(value, (int, float)):
        from datetime import datetime, timezone

        return datetime.fromtimestamp(value / 1000, timezone.utc)
    return value


def _holds(found: Any, wanted: str) -> bool:
    if not isinstance(found, dict):
        return False
    return found.get("wb_type") == wanted or any(
        _holds(t, wanted) for t in found.get("params", {}).get("allowed_types", ())
    )


def _classes() -> dict[str, type[WBValue]]:
    from treadle.wandb._histogram import Histogram
    from treadle.wandb._joined import Classes, JoinedTable, PartitionedTable

    kinds: tuple[type[WBValue], ...] = (
        *(Table, JoinedTable, PartitionedTable, Classes, Histogram),
        *(Image, Html, Audio, Video, Molecule, Object3D, Plotly, Bokeh),
    )
    return {kind._log_type: kind for kind in kinds}


def log_types() -> list[str]:
    """The middle part of the file names of objects: "my_table.table.json"."""
    return list(_classes())


def from_document(document: bytes, read: ReadMedia) -> Any:
    """The object that a file of an artifact describes; what is of no known kind as the plain value."""
    import json

    value = json.loads(document)
    kind = value.get("_type") if isinstance(value, dict) else None
    known = _classes().get(kind) if isinstance(kind, str) else None
    return known._from_json(value, read) if known is not None else value
