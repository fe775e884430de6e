"""Files that several ops hand to each other by reference:

@dg.job(resource_defs={"files": dg.local_file_manager})
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, Union

from treadle._config.fields import Field
from treadle._config.types import StringSource
from treadle._dagster import check
from treadle._resources.definition import resource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from treadle._run.instance import DagsterInstance

IOStream = Union[TextIO, BinaryIO]  # noqa: UP007


class FileHandle(ABC):
    """Says where a file is, on this machine or in an object store."""

    @property
    @abstractmethod
    def path_desc(self) -> str:
        """The place, for people."""


class LocalFileHandle(FileHandle):
    """A file of this machine."""

    def __init__(self, path: str) -> None:
        self._path: str = check.str_param(path, "path")

    @property
    def path(self) -> str:
        return self._path

    @property
    def path_desc(self) -> str:
        return self._path


class FileManager(ABC):
    """Keeps files and gives handles for them. The base of those for object stores."""

    @abstractmethod
    def copy_handle_to_local_temp(self, file_handle: FileHandle) -> str:
        """The path of a temporary copy."""

    @abstractmethod
    def delete_local_temp(self) -> None:
        """Deletes all those copies."""

    @abstractmethod
    def read(self, file_handle: Any, mode: str = "rb") -> AbstractContextManager[IOStream]:
        """The file, opened for reading."""

    @abstractmethod
    def read_data(self, file_handle: Any) -> bytes:
        """All that is in the file."""

    @abstractmethod
    def write(self, file_obj: IOStream, mode: str = "wb", ext: str | None = None) -> FileHandle:
        """Keeps what can be read from `file_obj`; `ext` is the extension without its dot."""

    @abstractmethod
    def write_data(self, data: bytes, ext: str | None = None) -> FileHandle:
        """Keeps these bytes."""


class LocalFileManager(FileManager):
    """Keeps files below a folder, which is made when the first one is written."""

    def __init__(self, base_dir: str) -> None:
        self.base_dir = base_dir
        self._copies: list[str] = []

    @staticmethod
    def for_instance(instance: DagsterInstance, run_id: str) -> LocalFileManager:
        """That of one run."""
        return LocalFileManager(instance.file_manager_directory(run_id))

    def ensure_base_dir_exists(self) -> None:
        os.makedirs(self.base_dir, exist_ok=True)

    def copy_handle_to_local_temp(self, file_handle: FileHandle) -> str:
        from shutil import copyfileobj
        from tempfile import NamedTemporaryFile

        check.inst_param(file_handle, "file_handle", FileHandle)
        with self.read(file_handle, "rb") as kept, NamedTemporaryFile("wb", delete=False) as copy:
            path: str = copy.name
            self._copies.append(path)
            copyfileobj(kept, copy)
        return path

    @contextmanager
    def read(self, file_handle: Any, mode: str = "rb") -> Iterator[Any]:
        check.inst_param(file_handle, "file_handle", LocalFileHandle)
        check.param_invariant(mode in ("r", "rb"), "mode")
        with open(file_handle.path, mode, encoding=None if mode == "rb" else "utf8") as file:
            yield file

    def read_data(self, file_handle: LocalFileHandle) -> bytes:
        with self.read(file_handle) as file:
            data: bytes = file.read()
        return data

    def write(self, file_obj: IOStream, mode: str = "wb", ext: str | None = None) -> LocalFileHandle:
        from shutil import copyfileobj
        from uuid import uuid4

        check.invariant(hasattr(file_obj, "read") and hasattr(file_obj, "write"))
        check.opt_str_param(ext, "ext")
        self.ensure_base_dir_exists()
        path = os.path.join(self.base_dir, str(uuid4()) + (f".{ext}" if ext is not None else ""))
        with open(path, mode, encoding=None if "b" in mode else "utf8") as kept:
            copyfileobj(file_obj, kept)
        return LocalFileHandle(path)

    def write_data(self, data: bytes, ext: str | None = None) -> LocalFileHandle:
        from io import BytesIO

        return self.write(BytesIO(check.inst_param(data, "data", bytes)), ext=ext)

    def delete_local_temp(self) -> None:
        while self._copies:
            path = self._copies.pop()
            if os.path.exists(path):
                os.unlink(path)


@resource(config_schema={"base_dir": Field(StringSource, is_required=False)})
def local_file_manager(init_context: Any) -> LocalFileManager:
    """Files of this machine: below `base_dir`, or else in the home."""
    given = init_context.resource_config.get("base_dir")
    if given is None:
        given = os.path.join(init_context.instance.storage_directory(), "file_manager")
    return LocalFileManager(given)
