"""Slices of an asset: days, the week made of them, and a balance that reads the day before."""

import treadle as dg

days = dg.DailyPartitionsDefinition("2026-01-04", end_date="2026-01-11")
weeks = dg.WeeklyPartitionsDefinition("2026-01-04", end_date="2026-01-11")
yesterday = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


@dg.asset(partitions_def=days)
def sales(context: dg.AssetExecutionContext) -> int:
    return int(context.partition_key[-2:])


@dg.asset(partitions_def=days, ins={"balance": dg.AssetIn(partition_mapping=yesterday)})
def balance(balance: int | None, sales: int) -> int:
    return (balance or 0) + sales


@dg.asset(partitions_def=weeks)
def weekly(sales: dict[str, int]) -> int:
    return sum(sales.values())


if __name__ == "__main__":
    instance = dg.DagsterInstance.ephemeral()
    runs = dg.materialize_partitions([sales, balance], "2026-01-04...2026-01-10", instance=instance)
    print(len(runs), "runs")
    dg.materialize([sales, weekly], selection="weekly", partition_key="2026-01-04", instance=instance)
    print("the week:", instance.load_asset_value("weekly", partition_key="2026-01-04"))
    print("the last day's balance:", instance.load_asset_value("balance", partition_key="2026-01-10"))
