"""IO managers that keep each value as a file, on disk or behind any URL that fsspec knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from treadle._errors import DagsterInvariantViolationError
from treadle._io.paths import UPathIOManager, path_of
from treadle._io.pythonic import ConfigurableIOManagerFactory
from treadle.io._frames import facts_of, from_arrow, to_arrow, wanted_by

if TYPE_CHECKING:
    from treadle._resources.context import InitResourceContext


class _Files(ConfigurableIOManagerFactory[Any]):
    """`folder` is a path, or a URL: s3://, gs://, abfs://, memory://, ... `options` go to the fsspec file
    system: key, secret, endpoint_url, ...
    """

    folder: str = Field(description="Folder or URL below which files are kept.")
    options: dict[str, Any] = Field(
        default={},
        description="Options of the fsspec file system.",
        json_schema_extra={"dagster__is_secret": True},
    )

    def _base(self) -> Any:
        return path_of(self.folder, **self.options)


class JsonFiles(_Files):
    """Keeps values as JSON: `folder/asset/key.json`."""

    indent: int | None = Field(default=None, description="Spaces per level; one line without.")

    def create_io_manager(self, context: InitResourceContext) -> _JsonManager:
        return _JsonManager(self._base(), self.indent)


class TextFiles(_Files):
    """Keeps texts as they are: `folder/asset/key.txt`."""

    extension: str = ".txt"
    encoding: str = "utf-8"

    def create_io_manager(self, context: InitResourceContext) -> _TextManager:
        return _TextManager(self._base(), self.extension, self.encoding)


class PickleFiles(_Files):
    """Keeps any Python object: `folder/asset/key.pickle`. Only for folders that nobody else can write to:
    opening a pickle runs it.
    """

    def create_io_manager(self, context: InitResourceContext) -> _PickleManager:
        return _PickleManager(self._base())


class TableFiles(_Files):
    """Keeps frames of Pandas, Polars and Arrow as Parquet or CSV: `folder/asset/key.parquet`. An input
    receives the kind of frame that it is annotated with, else `frame`. Rows, schema and a preview are
    recorded.
    """

    format: Literal["parquet", "csv"] = "parquet"
    frame: Literal["pandas", "polars", "arrow"] = "pandas"

    def create_io_manager(self, context: InitResourceContext) -> _TableManager:
        return _TableManager(self._base(), self.format, self.frame)


# --- the managers


class _JsonManager(UPathIOManager):
    extension = ".json"

    def __init__(self, base: Any, indent: int | None) -> None:
        super().__init__(base)
        self._indent = indent

    def dump_to_path(self, context: Any, obj: Any, path: Any) -> None:
        import json

        try:
            text = json.dumps(obj, indent=self._indent, ensure_ascii=False)
        except (TypeError, ValueError) as e:
            raise DagsterInvariantViolationError(
                f"The output {context.name!r} cannot be written as JSON: {e}. Return numbers, texts, lists"
                " and"
                " dictionaries with texts as keys, or use another IO manager."
            ) from e
        path.write_text(text, encoding="utf-8")

    def load_from_path(self, context: Any, path: Any) -> Any:
        import json

        return json.loads(path.read_text(encoding="utf-8"))


class _TextManager(UPathIOManager):
    def __init__(self, base: Any, extension: str, encoding: str) -> None:
        self.extension = extension
        super().__init__(base)
        self._encoding = encoding

    def dump_to_path(self, context: Any, obj: Any, path: Any) -> None:
        if not isinstance(obj, str):
            raise DagsterInvariantViolationError(
                f"The output {context.name!r} is a {type(obj).__name__}; TextFiles keeps str alone."
            )
        path.write_text(obj, encoding=self._encoding)

    def load_from_path(self, context: Any, path: Any) -> str:
        text: str = path.read_text(encoding=self._encoding)
        return text


class _PickleManager(UPathIOManager):
    extension = ".pickle"

    def dump_to_path(self, context: Any, obj: Any, path: Any) -> None:
        import pickle

        path.write_bytes(pickle.dumps(obj, protocol=4))

    def load_from_path(self, context: Any, path: Any) -> Any:
        import pickle

        return pickle.loads(path.read_bytes())


class _TableManager(UPathIOManager):
    def __init__(self, base: Any, format: str, frame: str) -> None:
        self.extension = f".{format}"
        super().__init__(base)
        self._frame = frame

    def dump_to_path(self, context: Any, obj: Any, path: Any) -> None:
        table = to_arrow(obj, "TableFiles")
        with path.open("wb") as file:
            if self.extension == ".csv":
                from pyarrow import csv

                csv.write_csv(table, file)
            else:
                from pyarrow import parquet

                parquet.write_table(table, file)
        context.add_output_metadata(facts_of(table))

    def load_from_path(self, context: Any, path: Any) -> Any:
        with path.open("rb") as file:
            if self.extension == ".csv":
                from pyarrow import csv

                table = csv.read_csv(file)
            else:
                from pyarrow import parquet

                table = parquet.read_table(file)
        return from_arrow(table, wanted_by(context, self._frame))
