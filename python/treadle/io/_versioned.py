"""IO managers that keep every version of a value where people and other tools find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from treadle._io.native import NativeManager
from treadle._io.pythonic import ConfigurableIOManagerFactory

if TYPE_CHECKING:
    from treadle._resources.context import InitResourceContext


def _home(context: InitResourceContext) -> Any:
    from treadle._run.instance import DagsterInstance

    return (context.instance or DagsterInstance.get())._home


class VersionedFiles(ConfigurableIOManagerFactory[Any]):
    """A path for each version, `folder/asset/v3/output.json`, and an INDEX.md of all for a person; of a
    partition `folder/asset/2026-01-01/v3`. See docs/model-versions.md.
    """

    folder: str = Field(description="Versions go below it.")

    def create_io_manager(self, context: InitResourceContext) -> NativeManager:
        from treadle import _core

        return NativeManager(_core.NativeIOManager.plain_files(_home(context), self.folder), "VersionedFiles")


class GitVersions(ConfigurableIOManagerFactory[Any]):
    """A commit and a tag, `models/asset/v3`, for each version, in a repository of yours; large files through
    LFS where .gitattributes says so. What is checked out and staged stays as it is.
    """

    repository: str = Field(default=".", description="A folder in a git work tree, or a bare repository.")
    branch: str = Field(
        default="treadle-models", description="Versions are committed to it; not the one checked out."
    )
    folder: str = Field(default="models", description="Where in the repository.")
    push_to: str = Field(default="", description="A remote that each version is pushed to.")

    def create_io_manager(self, context: InitResourceContext) -> NativeManager:
        from treadle import _core

        core = _core.NativeIOManager.git(
            _home(context), self.repository, self.branch, self.folder, self.push_to
        )
        return NativeManager(core, "GitVersions")
