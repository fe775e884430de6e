"""Fresh or stale, and why; a source that is looked at; what was made before is not made again."""

import treadle as dg

seen = ["2026-01-05"]


@dg.observable_source_asset
def orders() -> dg.DataVersion:
    return dg.DataVersion(seen[-1])


def declare(version: str) -> dg.Definitions:
    @dg.asset(deps=[orders], code_version="1", memoize=True)
    def clean() -> int:
        print("clean runs")
        return 3

    @dg.asset(code_version=version)
    def model(clean: int) -> int:
        return clean * 2

    return dg.Definitions([orders, clean, model])


def say(definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    for asset in dg.asset_status(definitions, instance, selection="clean or model"):
        reasons = [reason.text for reason in asset.reasons]
        print(f"  {asset.asset_key.to_user_string()}: {asset.status}", *reasons)


if __name__ == "__main__":
    instance = dg.DagsterInstance.ephemeral()
    dg.observe([orders], instance=instance)
    first, second = declare("1"), declare("2")
    dg.materialize([*(first.assets or ())], instance=instance, selection="clean or model")
    print("everything was made")
    say(first, instance)
    print("the code of the model is new")
    say(second, instance)
    dg.materialize([*(second.assets or ())], instance=instance, selection="clean or model")
    print("the orders are new")
    seen.append("2026-01-06")
    dg.observe([orders], instance=instance)
    say(second, instance)
