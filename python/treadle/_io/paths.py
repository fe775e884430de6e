"""UPathIOManager: the base of IO managers that keep each value as a file of their own format, on disk or in
object storage.
"""

from __future__ import annotations

from treadle._errors import CheckError
from treadle._events.metadata import MetadataValue
from treadle._io.managers import IOManager
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from treadle._io.managers import InputContext, OutputContext


def path_of(base: Any, **options: Any) -> Any:
    """A folder as a path: of pathlib on disk, of universal_pathlib for a URL (s3://, gs://, memory://,
    ...).
    """
    if not isinstance(base, str):
        return base
    if "://" not in base and not options:
        from pathlib import Path

        return Path(base)
    try:
        from upath import UPath
    except ImportError as e:
        raise ImportError(
            f"{base!r} is a URL, which takes universal_pathlib: pip install universal_pathlib, and the fsspec"
            " package of its scheme (s3fs, gcsfs, adlfs, ...)"
        ) from e

    return UPath(base, **options)


def escape_leading_slash(segment: str) -> str:
    """A partition key that begins with '/' stays below the asset's folder."""
    return "%2F" + segment[1:] if segment.startswith("/") else segment


def escape_dotdot_segments(text: str) -> str:
    """'..' between slashes stays below the asset's folder."""
    return "/".join("%2E%2E" if part == ".." else part for part in text.split("/"))


class UPathIOManager(IOManager):
    """Keeps each value (and each partition of it) as one file below `base_path`. A subclass says how:

    class Json(dg.UPathIOManager):
        extension = ".json"

        def dump_to_path(self, context, obj, path):
            path.write_text(json.dumps(obj))

        def load_from_path(self, context, path):
            return json.loads(path.read_text())
    """

    extension: str | None = None

    def __init__(self, base_path: Any = None) -> None:
        if self.extension and "." not in self.extension:
            raise CheckError(f"extension must begin with a dot: {self.extension!r}")
        self._base_path = path_of(base_path if base_path is not None else ".")

    # --- what subclasses say

    def dump_to_path(self, context: OutputContext, obj: Any, path: Any) -> None:
        """Writes a value to a file."""
        raise NotImplementedError

    def load_from_path(self, context: InputContext, path: Any) -> Any:
        """Reads a value from a file. May be `async`: then partitions are read at once."""
        raise NotImplementedError

    def get_metadata(self, context: OutputContext, obj: Any) -> dict[str, Any]:
        """What else is recorded with the materialization."""
        return {}

    def get_asset_relative_path(self, context: InputContext | OutputContext) -> Path:
        from pathlib import Path

        return Path(*context.asset_key.path)

    def get_op_output_relative_path(self, context: InputContext | OutputContext) -> Path:
        from pathlib import Path

        return Path(*context.get_identifier())

    def get_path_for_partition(self, context: InputContext | OutputContext, path: Any, partition: str) -> Any:
        """Without the extension, which is added later."""
        return self.make_safe_partition_path(path, partition)

    def make_safe_partition_path(self, base_path: Any, partition: str) -> Any:
        return base_path / escape_dotdot_segments(escape_leading_slash(partition))

    def unlink(self, path: Any) -> None:
        path.unlink()

    def path_exists(self, path: Any) -> bool:
        return bool(path.exists())

    def make_directory(self, path: Any) -> None:
        """Where there are no folders (object storage), a subclass may do nothing."""
        path.mkdir(parents=True, exist_ok=True)

    def get_loading_input_log_message(self, path: Any) -> str:
        return f"Loading file from: {path} using {type(self).__name__}..."

    def get_writing_output_log_message(self, path: Any) -> str:
        return f"Writing file at: {path} using {type(self).__name__}..."

    def get_loading_input_partition_log_message(self, path: Any, partition_key: str) -> str:
        return f"Loading partition {partition_key} from {path} using {type(self).__name__}..."

    def get_missing_partition_log_message(self, partition_key: str) -> str:
        return (
            f"Couldn't load partition {partition_key} and skipped it because the input metadata includes"
            " allow_missing_partitions=True"
        )

    # --- where files are

    @property
    def fs(self) -> Any:
        """The fsspec file system below the base path."""
        held = getattr(self._base_path, "fs", None)
        if held is None:
            from fsspec.implementations.local import LocalFileSystem

            return LocalFileSystem()
        return held

    @property
    def storage_options(self) -> dict[str, Any]:
        return dict(getattr(self._base_path, "storage_options", None) or {})

    def has_output(self, context: OutputContext) -> bool:
        return self.path_exists(self._get_path(context))

    def _with_extension(self, path: Any) -> Any:
        return path.with_suffix(path.suffix + self.extension) if self.extension else path

    def _get_path_without_extension(self, context: InputContext | OutputContext) -> Any:
        if context.has_asset_key:
            relative = self.get_asset_relative_path(context)
        else:
            relative = self.get_op_output_relative_path(context)
        parts = [p for p in relative.parts if p != "/"]
        if relative.is_absolute() and parts:
            parts[0] = "%2F" + parts[0]  # an absolute path would leave the base
        return self._base_path.joinpath(*parts)

    def _get_path(self, context: InputContext | OutputContext) -> Any:
        return self._with_extension(self._get_path_without_extension(context))

    def _get_paths_for_partitions(self, context: Any) -> dict[str, Any]:
        if not context.has_asset_partitions:
            raise TypeError(
                f"Detected {context.dagster_type.typing_type} input type but the asset is not partitioned"
            )
        folder = self._get_path_without_extension(context)
        return {
            key: self._with_extension(self.get_path_for_partition(context, folder, _in_path(key)))
            for key in context.asset_partition_keys
        }

    # --- storing and loading

    def handle_output(self, context: Any, obj: Any) -> None:
        if context.has_asset_partitions:
            paths = self._get_paths_for_partitions(context)
            if len(paths) != 1:
                raise CheckError(
                    f"Invariant failed. Description: The current IO manager {type(self)} does not support"
                    " persisting an output associated with multiple partitions. This error is likely"
                    " occurring"
                    " because a backfill was launched using the 'single run' option. Instead, launch the"
                    " backfill with a multi-run backfill policy. You can also avoid this error by opting out"
                    " of"
                    " IO managers entirely by setting the return type of your asset/op to `None`."
                )
            path = next(iter(paths.values()))
            if path.parent.exists() and path.parent.is_file():
                context.log.warning(
                    f"Found file at {path.parent} believed to correspond with previously non-partitioned"
                    " version"
                    f" of {context.asset_key}. Removing {path.parent} and replacing with directory for"
                    " partitioned data files."
                )
                path.parent.unlink()
        else:
            path = self._get_path(context)
        self.make_directory(path.parent)
        context.log.debug(self.get_writing_output_log_message(path))
        self.dump_to_path(context=context, obj=obj, path=path)
        # None is seldom meant to be kept: then a path would only mislead.
        metadata = {"path": MetadataValue.path(str(path))} if obj is not None else {}
        context.add_output_metadata({**metadata, **self.get_metadata(context=context, obj=obj)})

    def load_input(self, context: Any) -> Any:
        if not context.has_asset_key or not context.has_asset_partitions:
            path = self._get_path(context)
            context.log.debug(self.get_loading_input_log_message(path))
            return _awaited(self.load_from_path(context=context, path=path))
        keys = list(context.asset_partition_keys)
        return self._load_partitions(context) if keys else None

    def _load_partitions(self, context: Any) -> Any:
        import inspect

        if inspect.iscoroutinefunction(self.load_from_path):
            return self.load_partitions_async(context)
        return self.load_partitions(context)

    def load_partitions(self, context: Any) -> Any:
        """One partition as it is, several as a dictionary by key. To be overridden where the format reads
        several partitions at once.
        """
        paths = self._get_paths_for_partitions(context)
        keys = list(context.asset_partition_keys)
        context.log.debug(f"Loading {len(keys)} partitions...")
        loaded = {key: self._load_partition(context, key, paths[key]) for key in keys}
        if len(keys) == 1:
            return loaded[keys[0]]
        return {key: value for key, value in loaded.items() if value is not None}

    def load_partitions_async(self, context: Any) -> dict[str, Any]:
        """All partitions at once, by an `async` load_from_path."""
        import asyncio

        paths = self._get_paths_for_partitions(context)
        keys = list(context.asset_partition_keys)

        async def collect() -> list[Any]:
            reads = (self.load_from_path(context=context, path=paths[key]) for key in keys)
            return await asyncio.gather(*reads, return_exceptions=True)

        found: dict[str, Any] = {}
        failed = 0
        for key, result in zip(keys, asyncio.run(collect())):
            if isinstance(result, FileNotFoundError) and _may_be_missing(context):
                context.log.warning(self.get_missing_partition_log_message(key))
            elif isinstance(result, BaseException):
                context.log.error(str(result))
                failed += 1
            elif result is not None:
                found[key] = result
        if failed:
            raise RuntimeError(f"{failed} partitions could not be loaded")
        return found

    def _load_partition(self, context: Any, key: str, path: Any) -> Any:
        context.log.debug(self.get_loading_input_partition_log_message(path, key))
        try:
            return self.load_from_path(context=context, path=path)
        except FileNotFoundError:
            if not _may_be_missing(context):
                raise
            context.log.warning(self.get_missing_partition_log_message(key))
            return None


def _in_path(key: Any) -> str:
    """A key of several dimensions is a folder per dimension, in the order of their names."""
    dimensions: Mapping[str, str] | None = getattr(key, "keys_by_dimension", None)
    return str(key) if dimensions is None else "/".join(dimensions[name] for name in sorted(dimensions))


def _may_be_missing(context: Any) -> bool:
    return bool((context.definition_metadata or {}).get("allow_missing_partitions", False))


def _awaited(value: Any) -> Any:
    if not hasattr(value, "__await__"):
        return value
    import asyncio

    return asyncio.run(value)
