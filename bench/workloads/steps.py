"""COUNT assets that do nothing, to be run as one process each."""

import os

import treadle as dg


def declare(index: int) -> dg.AssetsDefinition:
    @dg.asset(name=f"asset_{index}")
    def function() -> None:
        pass

    return function


defs = dg.Definitions(
    assets=[declare(index) for index in range(int(os.environ["COUNT"]))],
    jobs=[dg.define_asset_job("everything", selection="*")],
)
