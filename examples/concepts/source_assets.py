"""Assets made elsewhere: read, looked at, and what was made from which version of them."""

import treadle as dg

version = "monday"


@dg.observable_source_asset
def orders() -> dg.DataVersion:
    return dg.DataVersion(version)


customers = dg.AssetSpec("customers")  # known by its name alone


@dg.asset(deps=[orders, customers])
def report() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(data_version=dg.DataVersion("1"))


def latest(instance: dg.DagsterInstance, key: dg.AssetKey) -> dg.AssetMaterialization:
    event = instance.get_latest_materialization_event(key)
    found = event.asset_materialization if event else None
    assert found
    return found


if __name__ == "__main__":
    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization("customers", metadata={"rows": 150}))
        dg.observe([orders], instance=instance)
        dg.materialize([orders, customers, report], selection=[report], instance=instance)

        tags = latest(instance, report.key).tags or {}
        print("made from orders of", tags["dagster/input_data_version/orders"])
        print("customers:", latest(instance, customers.key).metadata["rows"].value)

        version = "tuesday"
        seen = dg.observe([orders], instance=instance)
        observed = seen.asset_observations_for_node("orders")[0]
        print("orders are now of", observed.data_version)
