"""Ops, graphs, jobs and hooks: what is ours to say beyond parity with Dagster."""

from __future__ import annotations

from typing import Any

import pytest

import treadle as dg


class Trees(dg.Config):
    n: int
    depth: int = 3


@dg.op
def one() -> int:
    return 1


@dg.op
def add(x: int, y: int) -> int:
    return x + y


def test_a_job_runs_its_ops_and_gives_back_their_values() -> None:
    @dg.job
    def j() -> None:
        add(one(), one())

    result = j.execute_in_process()
    assert result.success
    assert result.output_for_node("add") == 2
    assert [e.step_key for e in result.get_step_success_events()] == ["one", "one_2", "add"]


def test_an_unknown_entry_of_the_configuration_is_told_before_anything_runs() -> None:
    @dg.op(config_schema={"n": int})
    def c(context: dg.OpExecutionContext) -> Any:
        raise AssertionError("must not run")

    @dg.job
    def j() -> None:
        c()

    with pytest.raises(dg.DagsterInvalidConfigError) as raised:
        j.execute_in_process(run_config={"ops": {"c": {"config": {"m": 1}}, "d": {}}})
    text = str(raised.value)
    assert 'unexpected config entry "d" at path root:ops' in text
    assert 'unexpected config entry "m" at path root:ops:c:config' in text
    assert 'Missing required config entry "n" at path root:ops:c:config' in text


def test_an_op_takes_a_config_class() -> None:
    @dg.op
    def grow(config: Trees) -> int:
        return config.n * config.depth

    @dg.job
    def j() -> None:
        grow()

    assert (
        j.execute_in_process(run_config=dg.RunConfig(ops={"grow": Trees(n=2)})).output_for_node("grow") == 6
    )
    assert grow(config=Trees(n=1)) == 3
    with pytest.raises(dg.DagsterInvalidConfigError):
        j.execute_in_process()


def test_an_io_manager_of_the_user_keeps_values_of_ops() -> None:
    kept: dict[tuple[str, str], Any] = {}

    class Keep(dg.IOManager):
        def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
            kept[(context.step_key, context.name)] = obj

        def load_input(self, context: dg.InputContext) -> Any:
            assert context.upstream_output is not None
            return kept[(context.upstream_output.step_key, context.upstream_output.name)] * 10

    @dg.job(resource_defs={"io_manager": Keep()})
    def j() -> None:
        add(one(), one())

    assert j.execute_in_process().output_for_node("add") == 20
    assert kept == {("one", "result"): 1, ("one_2", "result"): 1, ("add", "result"): 20}


def test_a_hook_has_resources_and_outputs_and_is_called_once() -> None:
    seen: list[Any] = []

    @dg.success_hook(required_resource_keys={"log_to"})
    def note(context: dg.HookContext) -> None:
        context.resources.log_to.append((context.step_key, context.op_output_values))

    @dg.job(hooks={note}, resource_defs={"log_to": dg.ResourceDefinition.hardcoded_resource(seen)})
    def j() -> None:
        one.with_hooks({note})()

    assert j.execute_in_process().success
    assert seen == [("one", {"result": 1})]


def test_what_a_hook_raises_does_not_fail_the_step() -> None:
    @dg.success_hook
    def bad(context: dg.HookContext) -> None:
        raise ValueError("hook")

    @dg.job(hooks={bad})
    def j() -> None:
        one()

    result = j.execute_in_process()
    assert result.success
    assert [e.event_type.name for e in result.all_events if e.event_type.name.startswith("HOOK")] == [
        "HOOK_ERRORED"
    ]


def test_jobs_of_ops_and_of_assets_live_in_the_same_definitions() -> None:
    @dg.asset
    def a() -> int:
        return 1

    @dg.op(required_resource_keys={"r"})
    def use(context: dg.OpExecutionContext) -> Any:
        return context.resources.r

    @dg.job
    def j() -> None:
        use()

    defs = dg.Definitions(assets=[a], jobs=[j, dg.define_asset_job("all")], resources={"r": 5})
    dg.Definitions.validate_loadable(defs)
    job: Any = defs.resolve_job_def("j")
    assert isinstance(job, dg.JobDefinition)
    assert job.execute_in_process().output_for_node("use") == 5
    assert defs.resolve_job_def("all").execute_in_process().asset_value("a") == 1
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="r"):
        dg.Definitions.validate_loadable(dg.Definitions(jobs=[j]))


def test_a_list_of_any_length_fans_in_through_a_graph() -> None:
    @dg.op
    def total(ns: list[int]) -> int:
        return sum(ns)

    @dg.graph
    def sums(ns: Any) -> Any:
        return total(ns)

    @dg.job
    def j() -> None:
        sums([one()])

    assert j.execute_in_process().output_for_node("sums") == 1


def test_lists_and_values_that_may_be_absent_are_given_by_configuration() -> None:
    @dg.op
    def joined(words: list[str], mark: str | None) -> str:
        return "".join(words) + (mark or "")

    @dg.job
    def job() -> None:
        joined()

    def run(words: object, mark: object) -> object:
        inputs = {"words": words, "mark": mark}
        return job.execute_in_process({"ops": {"joined": {"inputs": inputs}}}).output_for_node("joined")

    assert run(["a", {"value": "b"}], None) == "ab"
    assert run([{"value": "a"}], {"value": "!"}) == "a!"
    with pytest.raises(dg.DagsterInvalidConfigError, match="words"):
        run("a", None)
