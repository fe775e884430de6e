"""An artifact for each partition: by day, by several dimensions, and many of them in one run.

treadle materialize -f sales.py --select sales --partitions all      # one run for all days
treadle materialize -f sales.py --select cars --partition "blue|van"  # cars.blue.van
treadle materialize -f sales.py --select total
treadle artifact list
"""

from treadle import (
    AssetExecutionContext,
    AssetIn,
    BackfillPolicy,
    DailyPartitionsDefinition,
    Definitions,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
    asset,
)
from treadle.wandb import Table, WandbArtifactsIOManager

DAYS = DailyPartitionsDefinition(start_date="2026-01-01", end_date="2026-01-04")
CARS = MultiPartitionsDefinition(
    {
        "kind": StaticPartitionsDefinition(["car", "van"]),
        "colour": StaticPartitionsDefinition(["blue", "red"]),
    }
)


@asset(
    partitions_def=DAYS,
    backfill_policy=BackfillPolicy.single_run(),
    metadata={"wandb_artifact_configuration": {"type": "dataset"}},
)
def sales(context: AssetExecutionContext) -> object:
    """A table for each day; all days of a run at once."""
    tables = {
        day: Table(columns=["day", "amount"], data=[[day, int(day[-2:])]]) for day in context.partition_keys
    }
    return tables if len(tables) > 1 else tables[context.partition_key]


@asset(partitions_def=CARS)
def cars(context: AssetExecutionContext) -> str:
    key = context.partition_key
    assert isinstance(key, MultiPartitionKey)
    return f"a {key.keys_by_dimension['colour']} {key.keys_by_dimension['kind']}"


@asset(
    ins={"sales": AssetIn(metadata={"wandb_artifact_configuration": {"partitions": {"*": {"get": "Table"}}}})}
)
def total(context: AssetExecutionContext, sales: dict[str, Table]) -> int:
    """Of all days: a dictionary by key."""
    return sum(sum(table.get_column("amount")) for table in sales.values())


defs = Definitions(
    assets=[sales, cars, total],
    resources={"io_manager": WandbArtifactsIOManager(entity="demo", project="partitions")},
)
