"""An asset made of ops: a graph takes assets and makes one, step by step."""

import treadle as dg


@dg.asset
def orders() -> list[int]:
    return [3, -1, 4]


@dg.op
def without_returns(orders: list[int]) -> list[int]:
    return [order for order in orders if order > 0]


@dg.op
def total(orders: list[int]) -> int:
    return sum(orders)


@dg.graph_asset
def revenue(orders: list[int]) -> object:
    return total(without_returns(orders))


if __name__ == "__main__":
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([orders, revenue], instance=instance)
        print("revenue:", result.asset_value("revenue"))
        for event in result.all_events:
            if event.event_type_value == "STEP_SUCCESS":
                print("ran", event.step_key)
