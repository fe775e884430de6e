"""Configuration: a class says what a run may set, and mistakes are told before anything runs."""

import treadle as dg


class Training(dg.Config):
    target: str
    rate: float = 0.5


@dg.op
def train(config: Training) -> str:
    return f"{config.target} at {config.rate}"


@dg.job
def training() -> None:
    train()


if __name__ == "__main__":
    config = {"ops": {"train": {"config": {"target": "price", "rate": 0.25}}}}
    print(training.execute_in_process(run_config=config).output_for_node("train"))
    try:
        training.execute_in_process(run_config={"ops": {"train": {"config": {"rate": 0.25}}}})
    except dg.DagsterInvalidConfigError:
        print("refused: it does not say the target")
