"""Checks: what is found out about an asset, beside it or by its own function."""

import treadle as dg


@dg.asset(check_specs=[dg.AssetCheckSpec("has_rows", asset="orders")])
def orders() -> dg.MaterializeResult[list[int]]:
    rows = [3, -1, 4]
    return dg.MaterializeResult(value=rows, check_results=[dg.AssetCheckResult(passed=bool(rows))])


@dg.asset_check(asset=orders)
def no_returns(orders: list[int]) -> dg.AssetCheckResult:
    returns = sum(order < 0 for order in orders)
    return dg.AssetCheckResult(
        passed=returns == 0, metadata={"returns": returns}, severity=dg.AssetCheckSeverity.WARN
    )


@dg.asset_check(asset=orders, blocking=True)
def small(orders: list[int]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=len(orders) < 10)


if __name__ == "__main__":
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([orders, no_returns, small], instance=instance)
        for check in result.get_asset_check_evaluations():
            print(f"{check.check_name}:", "passed" if check.passed else "failed")
        print("the run:", "success" if result.success else "failure")
