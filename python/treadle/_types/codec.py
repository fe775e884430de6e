"""How Python values are kept: text, bytes, JSON, files and folders as themselves (C++ reads them too), the
rest as a pickle.
"""

from __future__ import annotations

import os

from treadle._events.wrappers import File, Folder, Json
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle import _core


def encode(value: Any) -> tuple[str, str, bytes, str, str, bool, bool]:
    """(format, file name, content, path on disk, type name, must be signed, says nothing)."""
    cls = type(value)
    if value is None:
        # what a function without a result returns: readable by all, and no data version
        return ("json", "output.json", b"null", "", "None", False, True)
    if cls is str:
        try:
            return ("text", "output.txt", value.encode("utf-8"), "", "str", False, False)
        except UnicodeEncodeError:
            pass  # lone surrogates are no UTF-8: pickled
    elif cls is bytes:
        return ("bytes", "output.bin", value, "", "bytes", False, False)
    elif cls is Json:
        import json

        return (
            "json",
            "output.json",
            json.dumps(value.value, ensure_ascii=False).encode("utf-8"),
            "",
            type_name(value.value),
            False,
            False,
        )
    elif isinstance(value, Folder):
        return ("folder", "", b"", _existing(value, folder=True), "treadle.Folder", False, False)
    elif isinstance(value, File):
        path = _existing(value, folder=False)
        return ("file", os.path.basename(path), b"", path, "treadle.File", False, False)
    import _pickle

    return ("pickle", "output.pickle", _pickle.dumps(value, 5), "", type_name(value), True, False)


def decode(stored: _core.Stored) -> Any:
    """The value again. Bytes come verified; a pickle only when its signature is this home's."""
    format = stored.format
    if format == "pickle":
        import _pickle

        return _pickle.loads(stored.bytes())
    if format == "text":
        return stored.bytes().decode("utf-8")
    if format == "bytes":
        return stored.bytes()
    if format == "json":
        import json

        return json.loads(stored.bytes())
    if format == "file":
        return File(stored.local_path())
    if format == "folder":
        return Folder(stored.local_path())
    raise ValueError(
        f"The value is kept in the format {format!r}, which this version of treadle cannot read."
    )


def type_name(value: Any) -> str:
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _existing(value: File, *, folder: bool) -> str:
    path = os.path.abspath(value.path)
    if folder and not os.path.isdir(path):
        raise FileNotFoundError(
            f"treadle.Folder({value.path!r}): there is no such folder. It must exist when the function hands"
            " it over."
        )
    if not folder and not os.path.isfile(path):
        raise FileNotFoundError(
            f"treadle.File({value.path!r}): there is no such file. It must exist when the function hands"
            " it over."
        )
    return path
