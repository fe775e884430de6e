"""Sensors on assets: a report when two are new, a freshness check when it could say something else."""

from datetime import timedelta

import treadle as dg


@dg.asset
def orders() -> int:
    return 1


@dg.asset
def customers() -> int:
    return 1


@dg.asset
def report(orders: int, customers: int) -> int:
    return orders + customers


@dg.multi_asset_sensor([orders.key, customers.key], job=dg.define_asset_job("reports", "report"))
def both(context: dg.MultiAssetSensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    if not all(context.latest_materialization_records_by_key().values()):
        return dg.SkipReason("one of them is not new")
    context.advance_all_cursors()
    return dg.RunRequest()


checks = dg.build_last_update_freshness_checks(assets=[orders], lower_bound_delta=timedelta(hours=1))
freshness = dg.build_sensor_for_freshness_checks(freshness_checks=checks)
defs = dg.Definitions([orders, customers, report], sensors=[both, freshness], asset_checks=checks)

if __name__ == "__main__":
    with dg.DagsterInstance.local_temp() as instance:
        cursors: dict[str, str | None] = {}

        def ask(sensor: dg.SensorDefinition) -> None:
            cursor = cursors.get(sensor.name)
            context = dg.build_sensor_context(instance, cursor=cursor, definitions=defs)
            told = sensor.evaluate_tick(context)
            cursors[sensor.name] = told.cursor
            print(f"{sensor.name}: {len(told.run_requests or [])}")

        ask(freshness)  # never evaluated
        dg.materialize([orders, *checks], instance=instance)
        ask(both)  # customers are not there
        dg.materialize([customers], instance=instance)
        ask(both)
        ask(both)  # consumed
        ask(freshness)  # fresh for an hour
