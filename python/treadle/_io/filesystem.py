"""FilesystemIOManager: the pickled files of `fs_io_manager` as a configurable class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from treadle._io.files import PickledObjectFilesystemIOManager, folder_of
from treadle._io.pythonic import ConfigurableIOManagerFactory

if TYPE_CHECKING:
    from treadle._resources.context import InitResourceContext


class FilesystemIOManager(ConfigurableIOManagerFactory[Any]):
    """Built-in filesystem IO manager that stores and retrieves values using pickling."""

    base_dir: str | None = Field(default=None, description="Base directory for storing files.")

    def create_io_manager(self, context: InitResourceContext) -> PickledObjectFilesystemIOManager:
        return PickledObjectFilesystemIOManager(folder_of(self.base_dir, context))
