"""Sweeps of the real SDK: agents that ask the server what to run."""

from __future__ import annotations

import json

from real_server import Sdk, Server

SWEEP = """mutation($config: String!, $project: String!) {
  upsertSweep(input: {config: $config, projectName: $project}) { sweep { id name state } configValidationWarnings } }"""
AGENT = """mutation($sweep: String!) {
  createAgent(input: {host: "h", projectName: "p", sweep: $sweep}) { agent { id } } }"""
BEAT = """mutation($id: ID!, $states: JSONString) {
  agentHeartbeat(input: {id: $id, runState: $states}) { commands } }"""


def test_an_agent_walks_a_grid_and_its_runs_belong_to_the_sweep(sdk: Sdk) -> None:
    result = sdk(
        """
        import wandb
        config = {"name": "grid", "method": "grid", "metric": {"name": "loss", "goal": "minimize"},
                  "parameters": {"a": {"values": [1, 2]}, "b": {"value": 7}}}
        sweep_id = wandb.sweep(config, project="p")
        seen = []
        def train():
            with wandb.init() as run:
                seen.append([run.config["a"], run.config["b"]])
                run.log({"loss": 1.0 / run.config["a"]})
        wandb.agent(sweep_id, function=train, project="p")
        sweep = wandb.Api().sweep(f"p/{sweep_id}")
        agent = sweep.agents()[0]
        result = [seen, sweep.state, sweep.name, sweep.expected_run_count, len(sweep.runs),
                  sweep.best_run().config["a"], sorted(r.state for r in agent.runs()),
                  [s.id for s in wandb.Api().project("p").sweeps(filters={"name": sweep_id})] == [sweep_id]]
        """
    )
    assert result == [[[1, 7], [2, 7]], "FINISHED", "grid", 2, 2, 2, ["finished", "finished"], True]


def test_a_cancelled_sweep_stops_its_runs_and_sends_its_agents_away(server: Server) -> None:
    config = "method: random\nprogram: train.py\nparameters: {lr: {min: 0.0, max: 1.0}}"
    sweep = server.data(SWEEP, config=config, project="p")["upsertSweep"]["sweep"]
    assert sweep["state"] == "PENDING"
    agent = server.data(AGENT, sweep=sweep["name"])["createAgent"]["agent"]["id"]
    [run] = json.loads(server.data(BEAT, id=agent)["agentHeartbeat"]["commands"])
    assert (run["type"], run["program"]) == ("run", "train.py")
    assert 0 <= run["args"]["lr"]["value"] <= 1
    busy = json.dumps({run["run_id"]: True})
    assert server.data(BEAT, id=agent, states=busy)["agentHeartbeat"]["commands"] == "[]"
    cancel = """mutation($id: ID!) { upsertSweep(input: {id: $id, state: "CANCELED"}) { sweep { state } } }"""
    assert server.data(cancel, id=sweep["id"])["upsertSweep"]["sweep"]["state"] == "CANCELED"
    commands = json.loads(server.data(BEAT, id=agent, states=busy)["agentHeartbeat"]["commands"])
    assert commands == [{"type": "stop", "run_id": run["run_id"]}, {"type": "exit"}]


def test_strangers_neither_see_a_sweep_nor_work_for_it(server: Server) -> None:
    config = "method: grid\nparameters: {a: {values: [1]}}"
    sweep = server.data(SWEEP, config=config, project="p")["upsertSweep"]["sweep"]
    agent = server.data(AGENT, sweep=sweep["name"])["createAgent"]["agent"]["id"]
    stranger = server.admin("user", "add", "stranger")["key"]
    assert server.graphql(BEAT, stranger, id=agent).status == 404
    change = 'mutation($id: ID!) { upsertSweep(input: {id: $id, state: "FINISHED"}) { sweep { name } } }'
    assert server.graphql(change, stranger, id=sweep["id"]).status == 404


def test_a_config_that_cannot_be_searched_is_refused_with_the_reason(server: Server) -> None:
    answer = server.graphql(SWEEP, config="method: grid\nparameters: {lr: {min: 0.1, max: 0.2}}", project="p")
    assert answer.status == 400
    assert "'lr' has no end" in answer.json()["errors"][0]["message"]


def test_runs_that_fall_behind_are_ended_by_hyperband(server: Server) -> None:
    config = """method: random
metric: {name: loss, goal: minimize}
parameters: {lr: {min: 0.0, max: 1.0}}
early_terminate: {type: hyperband, min_iter: 2}"""
    sweep = server.data(SWEEP, config=config, project="p")["upsertSweep"]["sweep"]
    begin = """mutation($run: String!, $sweep: String!) {
      upsertBucket(input: {name: $run, modelName: "p", host: "h", sweep: $sweep}) { inserted } }"""

    def started(losses: list[float]) -> tuple[str, str]:
        agent = server.data(AGENT, sweep=sweep["name"])["createAgent"]["agent"]["id"]
        [told] = json.loads(server.data(BEAT, id=agent)["agentHeartbeat"]["commands"])
        server.data(begin, run=told["run_id"], sweep=sweep["name"])
        rows = [json.dumps({"_step": step, "loss": loss}) for step, loss in enumerate(losses)]
        body = json.dumps({"files": {"wandb-history.jsonl": {"offset": 0, "content": rows}}})
        assert server.request(f"/files/local/p/{told['run_id']}/file_stream", body.encode()).status == 200
        return agent, told["run_id"]

    def told(agent: str, run: str) -> str:
        states = json.dumps({run: True})
        return str(server.data(BEAT, id=agent, states=states)["agentHeartbeat"]["commands"])

    good, bad, young = started([0.5, 0.1]), started([0.5, 0.4]), started([9.0])
    assert told(*good) == "[]"
    assert told(*young) == "[]"
    assert json.loads(told(*bad)) == [{"type": "stop", "run_id": bad[1]}]


def test_an_early_end_that_cannot_be_decided_is_refused(server: Server) -> None:
    config = """method: random
metric: {name: loss}
parameters: {a: {value: 1}}
early_terminate: {type: hyperband}"""
    answer = server.graphql(SWEEP, config=config, project="p")
    assert answer.status == 400
    assert "min_iter" in answer.json()["errors"][0]["message"]
