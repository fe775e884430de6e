"""Values as pickled files: Dagster's `FilesystemIOManager` and its older forms."""

from __future__ import annotations

from treadle._config.fields import Field
from treadle._config.types import __getattr__ as _source
from treadle._errors import CheckError, DagsterInvariantViolationError
from treadle._events.events import AssetMaterialization
from treadle._events.metadata import MetadataValue
from treadle._io.definition import io_manager
from treadle._io.managers import IOManager
from treadle._io.paths import UPathIOManager, path_of
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle._io.managers import InputContext, OutputContext
    from treadle._resources.context import InitResourceContext

_PROTOCOL = 4


class PickledObjectFilesystemIOManager(UPathIOManager):
    """Pickles each value to a file below `base_dir`, which may be a URL. Only for folders that nobody else
    can write to: opening a pickle runs it.
    """

    extension = ""

    def __init__(self, base_dir: str | None = None, **kwargs: Any) -> None:
        self.base_dir = base_dir
        super().__init__(path_of(base_dir or ".", **kwargs))

    def dump_to_path(self, context: OutputContext, obj: Any, path: Any) -> None:
        import pickle

        try:
            data = pickle.dumps(obj, _PROTOCOL)
        except (AttributeError, RecursionError, ImportError, TypeError, pickle.PicklingError) as e:
            shown = f"{type(obj)} exceeds recursion limit and" if isinstance(e, RecursionError) else str(obj)
            raise DagsterInvariantViolationError(
                f"Object {shown} is not picklable. You are currently using the fs_io_manager and the"
                " multi_or_in_process_executor. You will need to use a different io manager to continue"
                " using this"
                " output. For example, you can use the mem_io_manager with the in_process_executor."
            ) from e
        path.write_bytes(data)

    def load_from_path(self, context: InputContext, path: Any) -> Any:
        import pickle

        with path.open("rb") as file:
            return pickle.load(file)


@io_manager(
    config_schema={"base_dir": Field(_source("StringSource"), is_required=False)},
    description="Built-in filesystem IO manager that stores and retrieves values using pickling.",
)
def fs_io_manager(init_context: InitResourceContext) -> PickledObjectFilesystemIOManager:
    """Built-in filesystem IO manager that stores and retrieves values using pickling."""
    return PickledObjectFilesystemIOManager(
        folder_of(init_context.resource_config.get("base_dir"), init_context)
    )


def folder_of(base_dir: str | None, context: InitResourceContext) -> str:
    """The folder that is meant: that of the home when none is given."""
    if base_dir:
        return base_dir
    instance = context.instance
    if instance is None:
        from treadle._run.instance import DagsterInstance

        instance = DagsterInstance.get()
    return str(instance.storage_directory())


class CustomPathPickledObjectFilesystemIOManager(IOManager):
    """Pickles each value to the file that its output's metadata names: `Out(metadata={"path": "..."})`."""

    def __init__(self, base_dir: str | None = None) -> None:
        self.base_dir = base_dir

    def _path(self, metadata: Any) -> str:
        import os

        path = (metadata or {}).get("path")
        if not isinstance(path, str):
            raise CheckError(f'Param "metadata.path" is not a str. Got {path!r} which is type {type(path)}.')
        return os.path.join(self.base_dir or "", path)

    def handle_output(self, context: OutputContext, obj: Any) -> Any:
        import os
        import pickle

        path = self._path(context.definition_metadata)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        context.log.debug(f"Writing file at: {path}")
        with open(path, "wb") as file:
            pickle.dump(obj, file, _PROTOCOL)
        return AssetMaterialization(
            [context.job_name or "", context.step_key, context.name],
            metadata={"path": MetadataValue.path(os.path.abspath(path))},
        )

    def load_input(self, context: InputContext) -> Any:
        import pickle

        upstream = context.upstream_output
        path = self._path(upstream.definition_metadata if upstream is not None else None)
        context.log.debug(f"Loading file from: {path}")
        with open(path, "rb") as file:
            return pickle.load(file)


@io_manager(config_schema={"base_dir": Field(_source("StringSource"), is_required=True)})
def custom_path_fs_io_manager(
    init_context: InitResourceContext,
) -> CustomPathPickledObjectFilesystemIOManager:
    """Built-in IO manager that pickles values to the files that metadata names."""
    return CustomPathPickledObjectFilesystemIOManager(init_context.resource_config.get("base_dir"))
