"""Eight assets that sleep for half a second each."""

import time

import treadle as dg


def declare(index: int) -> dg.AssetsDefinition:
    @dg.asset(name=f"sleeper_{index}")
    def function() -> None:
        time.sleep(0.5)

    return function


defs = dg.Definitions(
    assets=[declare(index) for index in range(8)], jobs=[dg.define_asset_job("everything", selection="*")]
)
