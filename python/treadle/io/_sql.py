"""Frames as tables of a SQL database, through SQLAlchemy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, PrivateAttr

from treadle._errors import DagsterInvariantViolationError
from treadle._events.metadata import MetadataValue
from treadle._io.pythonic import ConfigurableIOManager
from treadle.io._frames import facts_of, from_arrow, to_arrow, wanted_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from treadle._resources.context import InitResourceContext

_ROWS_AT_ONCE = 1000


class SqlTables(ConfigurableIOManager):
    """Keeps frames of Pandas, Polars and Arrow as tables: the asset `raw/iris` is the table `iris` of the
    schema `raw`, or `raw__iris` where `by_schema` is off or the database has no schemas (SQLite).

        SqlTables(url=dg.EnvVar("WAREHOUSE_URL"))       # postgresql+psycopg://..., sqlite:///lake.db

    A partition replaces its own rows: the output's metadata `{"partition_expr": "day"}` names the column
    that holds the partition's key, which is added when the frame lacks it. A table is written in one
    transaction: readers see all of it or what was there before. Metadata of an asset: `schema`, `table`; of
    an input: `columns`.
    """

    url: str = Field(description="A SQLAlchemy URL.", json_schema_extra={"dagster__is_secret": True})
    db_schema: str | None = Field(default=None, description="The schema for assets whose key has one part.")
    by_schema: bool = Field(
        default=True, description="Whether the part of a key before the last is a schema."
    )
    frame: Literal["pandas", "polars", "arrow"] = "pandas"
    _engine: Any = PrivateAttr(default=None)

    def setup_for_execution(self, context: InitResourceContext) -> None:
        import sqlalchemy

        self._engine = sqlalchemy.create_engine(self.url)

    def teardown_after_execution(self, context: InitResourceContext) -> None:
        self._engine.dispose()

    def handle_output(self, context: Any, obj: Any) -> None:
        import sqlalchemy as sql

        table = to_arrow(obj, "SqlTables")
        schema, name = self._place(context)
        column, key = self._partition(context)
        if column is not None and column not in table.column_names:
            import pyarrow

            table = table.append_column(column, pyarrow.array([key] * table.num_rows, pyarrow.string()))
        target = sql.Table(name, sql.MetaData(schema=schema), *_columns(table, context))
        with self._engine.begin() as connection:
            if schema is not None:
                connection.execute(sql.schema.CreateSchema(schema, if_not_exists=True))
            if column is None:
                target.drop(connection, checkfirst=True)
                target.create(connection)
            else:
                target.create(connection, checkfirst=True)
                connection.execute(target.delete().where(target.c[column] == _key_for(target.c[column], key)))
            for rows in _batches(table):
                connection.execute(target.insert(), rows)
        context.add_output_metadata(
            {"table": MetadataValue.text(f"{schema}.{name}" if schema else name), **facts_of(table)}
        )

    def load_input(self, context: Any) -> Any:
        import sqlalchemy as sql

        upstream = context.upstream_output if context.upstream_output is not None else context
        schema, name = self._place(context, upstream)
        wanted = (context.definition_metadata or {}).get("columns")
        inspector = sql.inspect(self._engine)
        if not inspector.has_table(name, schema=schema):
            where = f"{schema}.{name}" if schema else name
            raise DagsterInvariantViolationError(
                f"The table {where!r} of {context.asset_key.to_user_string()!r} is not there: materialize"
                " the asset"
                " with this IO manager first."
            )
        source = sql.Table(name, sql.MetaData(schema=schema), autoload_with=self._engine)
        columns = [source.c[c] for c in wanted] if wanted else list(source.c)
        query = sql.select(*columns)
        column = _partition_column(context, upstream)
        if column is not None and context.has_asset_partitions:
            keys = [_key_for(source.c[column], k) for k in context.asset_partition_keys]
            query = query.where(source.c[column].in_(keys))
        with self._engine.connect() as connection:
            result = connection.execute(query)
            names = list(result.keys())
            rows = result.fetchall()
        return from_arrow(_arrow(names, rows, columns), wanted_by(context, self.frame))

    def _place(self, context: Any, upstream: Any = None) -> tuple[str | None, str]:
        """The schema and name of an asset's table."""
        if not context.has_asset_key:
            raise DagsterInvariantViolationError(
                "SqlTables keeps assets; the output of an op has no name that a table could have. Use"
                " another IO"
                " manager for it."
            )
        said = (upstream if upstream is not None else context).definition_metadata or {}
        parts = list(context.asset_key.path)
        schemas = self.by_schema and self._engine.dialect.name != "sqlite"
        schema = said.get("schema") or (parts[-2] if schemas and len(parts) > 1 else self.db_schema)
        if self._engine.dialect.name == "sqlite":
            schema = None
        name = said.get("table") or (parts[-1] if schemas else "__".join(parts))
        return schema, name

    def _partition(self, context: Any) -> tuple[str | None, str | None]:
        if not context.has_asset_partitions:
            return None, None
        column = _partition_column(context, context)
        if column is None:
            raise DagsterInvariantViolationError(
                f"{context.asset_key.to_user_string()!r} is partitioned: say which column holds the"
                " partition's key,"
                ' with metadata={"partition_expr": "day"}.'
            )
        keys = list(context.asset_partition_keys)
        if len(keys) != 1:
            raise DagsterInvariantViolationError(
                f"SqlTables writes one partition at a time, and was given {len(keys)}."
            )
        return column, str(keys[0])


def _partition_column(context: Any, upstream: Any) -> str | None:
    for said in (upstream.definition_metadata, context.definition_metadata):
        column = (said or {}).get("partition_expr")
        if column is not None:
            return str(column)
    return None


def _key_for(column: Any, key: str | None) -> Any:
    """A partition's key as a value of the column."""
    import datetime

    try:
        kind = column.type.python_type
    except NotImplementedError:
        return key
    if kind is datetime.date:
        return datetime.date.fromisoformat(str(key)[:10])
    if kind is datetime.datetime:
        return datetime.datetime.fromisoformat(str(key))
    return kind(key) if kind in (int, float) else key


def _columns(table: Any, context: Any) -> Iterator[Any]:
    import pyarrow.types as kinds
    import sqlalchemy as sql

    def type_of(kind: Any) -> Any:
        if kinds.is_boolean(kind):
            return sql.Boolean()
        if kinds.is_integer(kind):
            return sql.BigInteger()
        if kinds.is_floating(kind):
            return sql.Double()
        if kinds.is_decimal(kind):
            return sql.Numeric(kind.precision, kind.scale)
        if kinds.is_date(kind):
            return sql.Date()
        if kinds.is_timestamp(kind):
            return sql.DateTime(timezone=kind.tz is not None)
        if kinds.is_time(kind):
            return sql.Time()
        if kinds.is_binary(kind) or kinds.is_large_binary(kind):
            return sql.LargeBinary()
        if kinds.is_dictionary(kind):
            return type_of(kind.value_type)
        if kinds.is_nested(kind):
            return sql.JSON()
        if (
            kinds.is_null(kind)
            or kinds.is_string(kind)
            or kinds.is_large_string(kind)
            or "string" in str(kind)
        ):
            return sql.Text()
        raise DagsterInvariantViolationError(
            f"A column of {context.asset_key.to_user_string()!r} has the type {kind}, which SqlTables cannot"
            " write."
            " Convert it before you return the frame."
        )

    return (sql.Column(f.name, type_of(f.type)) for f in table.schema)


def _batches(table: Any) -> Iterator[list[dict[str, Any]]]:
    import math

    for batch in table.to_batches(max_chunksize=_ROWS_AT_ONCE):
        rows = batch.to_pylist()
        for row in rows:
            for name, value in row.items():
                if isinstance(value, float) and math.isnan(value):
                    row[name] = None  # as Pandas writes a missing number
        if rows:
            yield rows


def _arrow(names: list[str], rows: Any, columns: list[Any]) -> Any:
    import pyarrow

    arrays = []
    for index, column in enumerate(columns):
        values = [row[index] for row in rows]
        arrays.append(pyarrow.array(values, _arrow_type(column)))
    return pyarrow.table(arrays, names=names)


def _arrow_type(column: Any) -> Any:
    """The Arrow type of a column where it is sure; None: of its values."""
    import pyarrow
    import sqlalchemy as sql

    kind = column.type
    if isinstance(kind, sql.Boolean):
        return pyarrow.bool_()
    if isinstance(kind, sql.Integer):
        return pyarrow.int64()
    if isinstance(kind, sql.Float):
        return pyarrow.float64()
    if isinstance(kind, (sql.Text, sql.String)):
        return pyarrow.string()
    return None
