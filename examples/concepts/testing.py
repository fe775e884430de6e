"""Testing: functions are called as they are; what they ask of a run stands in for it."""

import treadle as dg


class Database(dg.ConfigurableResource):
    rows: int = 1_000_000


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["2026-01-05"]))
def load(context: dg.AssetExecutionContext, database: Database) -> int:
    context.log.info("reading " + context.partition_key)
    print("logged: reading " + context.partition_key)
    return database.rows


@dg.asset
def rows(database: Database) -> int:
    return database.rows


@dg.failure_hook
def tell(context: dg.HookContext) -> None:
    print("the hook:", context.op.name, "failed")


if __name__ == "__main__":
    context = dg.build_asset_context(partition_key="2026-01-05")
    print("called:", load(context, database=Database(rows=7)))

    result = dg.materialize_to_memory([rows], resources={"database": Database(rows=3)})
    print("with another database:", result.output_for_node("rows"))

    @dg.op(name="load")
    def failing() -> None: ...

    tell(dg.build_hook_context(op=failing, op_exception=ValueError("no rows")))
