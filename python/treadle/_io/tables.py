"""The base of IO managers that keep values as tables of a database: one client per database, one handler per
type of value. dagster-duckdb, dagster-snowflake, dagster-deltalake and many others are made of these.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from treadle._errors import CheckError, DagsterInvalidMetadata, DagsterInvariantViolationError
from treadle._io.managers import IOManager
from treadle._partitions.keys import PartitionKeyRange
from treadle._partitions.multi import MultiPartitionsDefinition
from treadle._partitions.time import TimeWindow
from treadle._partitions.time_windows import TimeWindowPartitionsDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from treadle._io.managers import InputContext, OutputContext

T = TypeVar("T")


class TablePartitionDimension(NamedTuple):
    """Which rows, by one column or expression: those of a time window, or with one of these values."""

    partition_expr: str
    partitions: TimeWindow | Sequence[str]


class TableSlice(NamedTuple):
    """A table or some rows and columns of it. `partition_dimensions`: empty for all rows."""

    table: str
    schema: str
    database: str | None = None
    columns: Sequence[str] | None = None
    partition_dimensions: Sequence[TablePartitionDimension] | None = None


def escape_sql_string_literal(value: str) -> str:
    return value.replace("'", "''")


def static_where_clause(table_partition: TablePartitionDimension) -> str:
    """`column in ('a', 'b')`, for partitions that are no time window."""
    if isinstance(table_partition.partitions, TimeWindow):
        raise CheckError("static_where_clause should not be called with TimeWindow partitions")
    values = ", ".join(f"'{escape_sql_string_literal(key)}'" for key in table_partition.partitions)
    return f"{table_partition.partition_expr} in ({values})"


class DbTypeHandler(ABC, Generic[T]):
    """Writes and reads values of some types, in a table that is there for it."""

    @abstractmethod
    def handle_output(
        self, context: OutputContext, table_slice: TableSlice, obj: T, connection: Any
    ) -> Mapping[str, Any] | None:
        """Stores `obj` at that place; what it returns is metadata."""

    @abstractmethod
    def load_input(self, context: InputContext, table_slice: TableSlice, connection: Any) -> T:
        """The content of that place."""

    @property
    @abstractmethod
    def supported_types(self) -> Sequence[type]: ...


class DbClient(Generic[T]):
    """One kind of database."""

    @staticmethod
    @abstractmethod
    def delete_table_slice(context: OutputContext, table_slice: TableSlice, connection: T) -> None: ...

    @staticmethod
    @abstractmethod
    def get_select_statement(table_slice: TableSlice) -> str: ...

    @staticmethod
    def get_table_name(table_slice: TableSlice) -> str:
        """The full name, which becomes the metadata `dagster/table_name`."""
        parts = (table_slice.database, table_slice.schema, table_slice.table)
        return ".".join(part for part in parts if part)

    @staticmethod
    @abstractmethod
    def ensure_schema_exists(context: OutputContext, table_slice: TableSlice, connection: T) -> None: ...

    @staticmethod
    @abstractmethod
    def connect(
        context: OutputContext | InputContext, table_slice: TableSlice
    ) -> AbstractContextManager[T]: ...


class DbIOManager(IOManager):
    """Keeps an asset as the table named by the last part of its key. The schema: the output's metadata
    `schema`, else this manager's, else the part of the key before the last, else `public`. Of an asset with
    partitions the metadata `partition_expr` names the column (for several dimensions, one each).
    """

    def __init__(
        self,
        *,
        type_handlers: Sequence[DbTypeHandler[Any]],
        db_client: DbClient[Any],
        database: str,
        schema: str | None = None,
        io_manager_name: str | None = None,
        default_load_type: type | None = None,
    ) -> None:
        self._io_manager_name = io_manager_name or type(self).__name__
        self._handlers_by_type: dict[type, DbTypeHandler[Any]] = {}
        for handler in type_handlers:
            for handled in handler.supported_types:
                other = self._handlers_by_type.setdefault(handled, handler)
                if other is not handler:
                    raise CheckError(
                        f"{self._io_manager_name} provided with two handlers for the same type. Type:"
                        f" '{handled}'. Handler classes: '{type(handler)}' and '{type(other)}'."
                    )
        self._db_client = db_client
        self._database = database
        self._schema = schema
        if default_load_type is None and len(self._handlers_by_type) == 1:
            default_load_type = next(iter(self._handlers_by_type))
        self._default_load_type = default_load_type

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        if obj is None:
            raise DagsterInvariantViolationError(
                "Unexpected 'None' output value. If a 'None' value is intentional, set the output type to"
                " None by adding return type annotation '-> None'."
            )
        handler = self._resolve_handler(type(obj))
        place = self._get_table_slice(context, context)
        with self._db_client.connect(context, place) as connection:
            self._db_client.ensure_schema_exists(context, place, connection)
            self._db_client.delete_table_slice(context, place, connection)
            told = handler.handle_output(context, place, obj, connection)
        query = self._db_client.get_select_statement(place)
        context.add_output_metadata({**(told or {}), "Query": query})
        try:
            context.add_output_metadata({"dagster/table_name": self._db_client.get_table_name(place)})
        except DagsterInvalidMetadata:
            pass  # the handler has said it

    def load_input(self, context: InputContext) -> Any:
        wanted = context.dagster_type.typing_type
        if wanted is Any and self._default_load_type is not None:
            wanted = self._default_load_type
        handler = self._resolve_handler(wanted)
        upstream = context.upstream_output
        place = self._get_table_slice(context, upstream if upstream is not None else context)
        with self._db_client.connect(context, place) as connection:
            return handler.load_input(context, place, connection)

    def _resolve_handler(self, obj_type: Any) -> DbTypeHandler[Any]:
        self._check_supported_type(obj_type)
        return next(h for handled, h in self._handlers_by_type.items() if issubclass(obj_type, handled))

    def _check_supported_type(self, obj_type: Any) -> None:
        handled = tuple(self._handlers_by_type)
        if isinstance(obj_type, type) and issubclass(obj_type, handled):
            return
        name = self._io_manager_name
        text = (
            f"{name} does not have a handler for type '{obj_type}'. Has handlers for types"
            f" '{', '.join(map(str, handled))}'."
        )
        if obj_type is Any:
            text += f" Please add {' or '.join(map(str, handled))} type hints to your assets and ops."
        else:
            text += (
                f" Please build the {name} with an type handler for type '{obj_type}', so the {name} can"
                " correctly handle the output."
            )
        raise CheckError(text)

    def _get_table_slice(
        self, context: OutputContext | InputContext, output_context: OutputContext | InputContext
    ) -> TableSlice:
        metadata = output_context.definition_metadata or {}
        dimensions: list[TablePartitionDimension] = []
        own_schema = None
        if context.has_asset_key:
            path = context.asset_key.path
            table = path[-1]
            own_schema = path[-2] if len(path) > 1 else None
            if context.has_asset_partitions:
                dimensions = _dimensions(context, metadata.get("partition_expr"))
        else:
            table = metadata.get("table", output_context.name)
            if not isinstance(table, str):
                raise CheckError(f'Param "table" is not a str. Got {table!r}')
        return TableSlice(
            table=table,
            schema=metadata.get("schema") or self._schema or own_schema or "public",
            database=self._database,
            partition_dimensions=dimensions,
            columns=(context.definition_metadata or {}).get("columns"),
        )


def _dimensions(context: Any, expr: Any) -> list[TablePartitionDimension]:
    """The rows of the partitions at hand; raises ValueError where no column is named for them."""
    if expr is None:
        raise ValueError(
            f"Asset '{context.asset_key}' has partitions, but no 'partition_expr' metadata value, so we don't"
            " know what column it's partitioned on. To specify a column, set this metadata value. E.g."
            ' @asset(metadata={"partition_expr": "your_partition_column"}).'
        )
    definition = context.asset_partitions_def
    if isinstance(definition, TimeWindowPartitionsDefinition):
        window = context.asset_partitions_time_window if context.asset_partition_keys else []
        return [TablePartitionDimension(expr, window)]
    if not isinstance(definition, MultiPartitionsDefinition):
        return [TablePartitionDimension(expr, context.asset_partition_keys)]
    whole = context.asset_partition_key_range
    out = []
    for part in definition.partitions_defs:
        if expr.get(part.name) is None:
            raise ValueError(
                f"Asset '{context.asset_key}' has partition {part.name}, but the 'partition_expr' metadata"
                f" does not contain a {part.name} entry, so we don't know what column to filter it on."
                f" Specify which column of the database contains data for the {part.name} partition."
            )
        first = whole.start.keys_by_dimension[part.name]
        last = whole.end.keys_by_dimension[part.name]
        keys: TimeWindow | Sequence[str]
        if isinstance(part.partitions_def, TimeWindowPartitionsDefinition):
            window_of = part.partitions_def.time_window_for_partition_key
            keys = TimeWindow(window_of(first).start, window_of(last).end)
        else:
            keys = part.partitions_def.get_partition_keys_in_range(PartitionKeyRange(first, last))
        out.append(TablePartitionDimension(expr[part.name], keys))
    return out
