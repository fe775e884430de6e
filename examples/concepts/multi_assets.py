"""Several assets made by one function, one of them only when there is something to keep."""

from collections.abc import Iterator

import treadle as dg


@dg.asset
def rows() -> list[int]:
    return [1, -2, 3]


@dg.multi_asset(outs={"good": dg.AssetOut(is_required=False), "bad": dg.AssetOut(is_required=False)})
def sorted_rows(rows: list[int]) -> Iterator[dg.Output[list[int]]]:
    good = [row for row in rows if row >= 0]
    bad = [row for row in rows if row < -10]
    if good:
        yield dg.Output(good, "good")
    if bad:
        yield dg.Output(bad, "bad")


@dg.asset
def total(good: list[int]) -> int:
    return sum(good)


@dg.asset
def alarm(bad: list[int]) -> int:
    return len(bad)


if __name__ == "__main__":
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([rows, sorted_rows, total, alarm], instance=instance)
        print("total:", result.asset_value("total"))
        print("alarm:", "skipped" if result.is_node_skipped("alarm") else "raised")
