# mypy: ignore-errors
"""Programs about jobs of assets and parts of them, what contexts say of where they are, and running again. As
in op_parity_programs.py: each returns what is compared, as JSON."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from op_parity_programs import main, raised

PROGRAMS = {}
MODULE = sys.argv[1] if len(sys.argv) > 1 else "treadle"


def program(fn):
    PROGRAMS[fn.__name__] = fn
    return fn


def succeeded(result):
    return sorted(e.step_key for e in result.get_step_success_events())


def texts(keys):
    return sorted(k.to_user_string() for k in keys)


@program
def a_job_of_assets_knows_its_steps(dg):
    @dg.asset
    def a():
        return 1

    @dg.asset(key_prefix="x")
    def b(a):
        return 2

    @dg.asset(config_schema={"z": int}, required_resource_keys={"r"})
    def c(b):
        pass

    @dg.asset_check(asset=a)
    def good():
        return dg.AssetCheckResult(passed=True)

    config = {"ops": {"c": {"config": {"z": 1}}}}
    defs = dg.Definitions(
        assets=[a, b, c],
        asset_checks=[good],
        jobs=[dg.define_asset_job("j", config=config), dg.define_asset_job("some", selection=["a"])],
        resources={"r": dg.ResourceDefinition.hardcoded_resource(1)},
    )
    job, some = defs.resolve_job_def("j"), defs.resolve_job_def("some")
    part = job.get_subset(asset_selection={dg.AssetKey("a")})
    ran = job.execute_in_process(asset_selection=[dg.AssetKey("a")])
    return [
        sorted(n.name for n in job.nodes),
        sorted(n.name for n in job.graph.nodes),
        sorted(n.name for n in job.all_node_defs),
        job.graph.name,
        [job.has_node_named("x__b"), job.has_node_named("b")],
        sorted(job.required_resource_keys),
        [job.is_subset, part.is_subset],
        [job.asset_selection, texts(part.asset_selection)],
        job.run_config,
        sorted(n.name for n in part.nodes),
        sorted(n.name for n in some.nodes),
        job.graph.node_defs.count(a.op),
        raised(lambda: job.get_subset(asset_selection={dg.AssetKey("nope")})),
        # What the job's configuration says of steps that are left out is left out.
        [succeeded(ran), texts(ran.dagster_run.asset_selection), sorted(n.name for n in ran.job_def.nodes)],
    ]


@program
def what_nodes_of_graphs_of_assets_made(dg):
    said = []

    @dg.op(out={"x": dg.Out(), "y": dg.Out()})
    def two(context):
        said.append(
            [
                context.asset_key_for_output("x").to_user_string(),
                raised(lambda: context.asset_key_for_output("y")),
                context.has_assets_def,
                texts(context.assets_def.keys),
                texts(context.selected_asset_keys),
                str(context.op_handle),
                context.job_def.name,
            ]
        )
        return 1, 2

    @dg.op
    def more(context, v):
        handle = context.op_handle
        said.append([str(handle), str(handle.parent), handle.name, context.get_mapping_key()])
        return v + 1

    @dg.graph
    def inner(v):
        return more(v)

    @dg.graph_multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut(key=["p", "b"])})
    def g():
        x, y = two()
        return {"a": x, "b": inner(y)}

    result = dg.materialize([g])

    def made(node):
        return texts(m.asset_key for m in result.asset_materializations_for_node(node))

    return [
        said,
        [made("g"), made("g.two"), made("g.inner"), made("g.inner.more")],
        [result.output_for_node("g.inner.more"), result.output_for_node("g.inner")],
        [result.output_for_node("g", "a"), result.output_for_node("g.two", "y")],
        [result.is_node_success("g"), result.is_node_untouched("g"), result.is_node_failed("g.inner")],
    ]


@program
def contexts_say_where_they_are(dg):
    said = []

    @dg.op
    def plain(context):
        said.append([context.has_assets_def, str(context.op_handle), context.job_def.name])
        said.append(raised(lambda: context.assets_def))
        said.append(raised(lambda: context.asset_key_for_output()))
        said.append(raised(lambda: context.repository_def)[0])

    @dg.job
    def ops():
        plain()

    @dg.asset
    def one(context: dg.AssetExecutionContext):
        run, handle = context.run, context.op_handle
        said.append([handle.name, handle.parent, context.get_mapping_key(), context.job_def.name])
        said.append([context.op_execution_context.op_config, run.is_failure_or_canceled])
        said.append(raised(lambda: context.asset_key_for_output("other")))

    ops.execute_in_process()
    dg.materialize([one])
    defs = dg.Definitions(assets=[one], jobs=[dg.define_asset_job("of_assets")])
    result = defs.resolve_job_def("of_assets").execute_in_process()
    return [said, result.job_def.name]


def once(folder, key):
    """Fails the first time."""
    mark = Path(folder) / key
    if not mark.exists():
        mark.write_text("")
        raise ValueError(key)


FOLDER = Path(tempfile.gettempdir()) / f"once{os.getpid()}"


def dynamic_job():
    dg = sys.modules[MODULE]

    @dg.op(out=dg.DynamicOut())
    def fan():
        for i in range(3):
            yield dg.DynamicOutput(i, mapping_key=f"k{i}")

    @dg.op
    def ten():
        return 10

    @dg.op
    def times(context, x, y):
        if x == 1:
            once(FOLDER, "times")
        return x * y

    @dg.op
    def half(x):
        return x / 2

    @dg.op
    def total(xs):
        return sum(xs)

    @dg.job(executor_def=dg.in_process_executor)
    def dynamic():
        total(fan().map(lambda x: half(times(x, ten()))).collect())

    return dynamic


def asset_job():
    dg = sys.modules[MODULE]

    @dg.asset
    def a():
        return 1

    @dg.asset
    def b(a):
        once(FOLDER, "b")
        return a + 1

    @dg.asset
    def c(b):
        return b + 1

    @dg.asset
    def other():
        return 0

    defs = dg.Definitions(
        assets=[a, b, c, other], jobs=[dg.define_asset_job("assets")], executor=dg.in_process_executor
    )
    return defs.resolve_job_def("assets")


@program
def steps_run_again(dg):
    said = []
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with dg.instance_for_test() as instance:

        def run(**options):
            try:
                job = dg.reconstructable(dynamic_job)
                with dg.execute_job(job, instance, **options) as result:
                    said.append([result.success, succeeded(result)])
                    return result
            except dg.DagsterError as e:
                text = str(e).split(" Did you")[0].rstrip(".")
                said.append([type(e).__name__, sorted(text.replace(",", "").split())])

        def again(parent, *steps):
            return run(reexecution_options=dg.ReexecutionOptions(parent.run_id, step_selection=steps))

        first = run()
        left = dg.ReexecutionOptions.from_failure(first.run_id, instance)
        second = run(reexecution_options=left)
        again(second, "times[k1]*")
        again(second, "*half[k2]")
        again(second, "half[?]")
        again(second, "fan+")
        again(second, "fan*")
        again(second, "half[k0]", "total")
        again(second, "half[k9]", "nothing")
        again(second, "fan", "half[k1]")
        again(second)
    shutil.rmtree(FOLDER)
    return said


@program
def assets_run_again_from_where_they_failed(dg):
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with dg.instance_for_test() as instance:
        job = dg.reconstructable(asset_job)
        first = dg.execute_job(job, instance)
        options = dg.ReexecutionOptions.from_failure(first.run_id, instance)
        second = dg.execute_job(job, instance, reexecution_options=options)
        options = dg.ReexecutionOptions(second.run_id, step_selection=["c"])
        third = dg.execute_job(job, instance, reexecution_options=options)
        run = instance.get_run_by_id(third.run_id)
        lineage = [run.parent_run_id == second.run_id, run.root_run_id == first.run_id]
    shutil.rmtree(FOLDER)
    return [succeeded(first), succeeded(second), succeeded(third), lineage]


@program
def what_cannot_be_is_refused_when_it_is_declared(dg):
    def op_of(annotation, **given):
        def f(): ...

        f.__annotations__ = {"return": annotation}
        return dg.op(**given)(f).name

    def schema(given, declare):
        @declare(config_schema=given)
        def f(context): ...

        return "fine"

    def with_nothing(a: None): ...

    two = {"a": dg.Out(), "b": dg.Out()}
    return [
        [raised(lambda a=a: op_of(a, out=two)) for a in (int, tuple, tuple[int, int], tuple[int, int, int])],
        [
            raised(lambda g=g, d=d: schema(g, d))
            for g in ("word", {"a": {"b": "q"}}, [1, 2], {"f": None}, {"a": int})
            for d in (dg.op, dg.asset)
        ],
        raised(lambda: dg.op(with_nothing)),
    ]


@program
def outputs_as_they_are_said(dg):
    @dg.op(code_version="one", out={"a": dg.Out(), "b": dg.Out(code_version="two")})
    def versions():
        yield dg.Output(1, "a")
        yield dg.Output(1, "b")

    @dg.op
    def none_at_all() -> list[dg.DynamicOutput]:
        return []

    @dg.op
    def wrong_name() -> list[dg.DynamicOutput[int]]:
        return [dg.DynamicOutput(5, mapping_key="k", output_name="other")]

    @dg.op
    def late(context):
        yield dg.Output(1)
        context.add_output_metadata({"a": 1})

    @dg.op(out=dg.DynamicOut())
    def late_key(context):
        yield dg.DynamicOutput(1, mapping_key="k")
        context.add_output_metadata({"a": 1}, mapping_key="k")

    def alone(op):
        @dg.job
        def j():
            op()

        return j.execute_in_process()

    return [
        [o.code_version for o in versions.output_defs],
        raised(lambda: alone(none_at_all).output_for_node("none_at_all")),
        raised(wrong_name),
        [raised(lambda op=op: alone(op)) for op in (wrong_name, late, late_key)],
    ]


@program
def a_part_of_a_multi_asset_says_what_it_made(dg):
    def made(result):
        events = result.get_asset_materialization_events()
        checks = [e.check_name for e in result.get_asset_check_evaluations()]
        return [result.success, texts(e.asset_key for e in events), checks]

    specs = [dg.AssetSpec("s1"), dg.AssetSpec("s2")]
    checks = [dg.AssetCheckSpec("c1", asset="s1"), dg.AssetCheckSpec("c2", asset="s2")]

    @dg.multi_asset(specs=specs, can_subset=True, check_specs=checks)
    def one_of_them():
        yield dg.MaterializeResult("s1")
        yield dg.AssetCheckResult(asset_key="s1", check_name="c1", passed=True)

    @dg.multi_asset(specs=specs, can_subset=True, check_specs=checks)
    def not_asked_for():
        yield dg.MaterializeResult("s1")
        yield dg.AssetCheckResult(asset_key="s1", check_name="c1", passed=True)
        yield dg.AssetCheckResult(asset_key="s2", check_name="c2", passed=True)

    @dg.asset(deps=["s2"])
    def after():
        pass

    return [
        made(dg.materialize([one_of_them])),
        made(dg.materialize([not_asked_for], selection=["s1"])),
        made(dg.materialize([one_of_them, after])),
    ]


@program
def io_contexts_keep_what_is_told(dg):
    said = []

    class Manager(dg.IOManager):
        def handle_output(self, context, obj):
            context.add_output_metadata({"a": 1})
            context.add_output_metadata({"b": 2})
            said.append(raised(lambda: context.add_output_metadata({"b": 3}))[0])
            context.log_event(dg.AssetObservation("beside"))
            said.append([e.asset_key.to_user_string() for e in context.get_logged_events()])
            said.append(sorted(context.get_logged_metadata()))

        def load_input(self, context):
            context.add_input_metadata({"rows": 1})
            said.append([o.asset_key.to_user_string() for o in context.get_observations()])
            said.append(context.instance.get_latest_materialization_event(context.asset_key) is not None)
            return 1

    @dg.asset
    def up():
        return 1

    @dg.asset
    def down(up):
        return 2

    result = dg.materialize([up, down], resources={"io_manager": Manager()})
    observed = [e.asset_key.to_user_string() for e in result.get_asset_observation_events()]
    built = dg.build_output_context(output_metadata={"a": "b"})
    return [said, observed, built.output_metadata, raised(lambda: dg.build_input_context().instance)]


@program
def types_of_inputs_of_graphs(dg):
    @dg.op
    def number(x: int):
        return x

    @dg.op
    def text(x: str):
        return x

    @dg.op(ins={"n": dg.In(dg.Nothing)})
    def after():
        pass

    @dg.op
    def several(xs: list[int]):
        return xs

    @dg.graph
    def one(v):
        number(v)

    @dg.graph
    def both(v):
        number(v)
        text(v)

    @dg.graph
    def nothing(v):
        after(v)

    @dg.graph
    def outer(v):
        one(v)

    @dg.graph
    def fan_in(v):
        several([v, v])

    @dg.graph(out={"r": dg.GraphOut()})
    def named(v):
        return {"r": number(v)}

    goes, comes = named.input_mappings[0], named.output_mappings[0]
    return [
        [
            [t.display_name, t.is_nothing, t.is_any, len(g.input_mappings)]
            for g in (one, both, nothing, outer, fan_in)
            for t in [g.input_defs[0].dagster_type]
        ],
        [goes.graph_input_name, goes.mapped_node_name, goes.mapped_node_input_name],
        [comes.graph_output_name, comes.mapped_node_name, comes.mapped_node_output_name],
    ]


@program
def types_that_use_resources(dg):
    def check(context, value):
        return dg.TypeCheck(context.resources.a == value, "not it", metadata={"wanted": context.resources.a})

    kind = dg.DagsterType(check, name="NeedsA", required_resource_keys={"a"})

    @dg.op(out=dg.Out(kind))
    def good():
        return "A"

    @dg.op(out=dg.Out(kind))
    def bad():
        return "B"

    def run(op):
        @dg.job(resource_defs={"a": dg.ResourceDefinition.hardcoded_resource("A")})
        def j():
            op()

        return j.execute_in_process()

    try:
        run(bad)
    except dg.DagsterTypeCheckDidNotPass as e:
        told = [e.metadata["wanted"].text, e.dagster_type.display_name]
    return [run(good).success, told]


@program
def facts_with_other_metadata(dg):
    facts = [
        dg.Output(1, metadata={"a": 1}),
        dg.AssetMaterialization("x", metadata={"a": 1}),
        dg.AssetObservation("x", metadata={"a": 1}),
        dg.AssetCheckResult(passed=True, metadata={"a": 1}),
    ]
    return [{k: v.value for k, v in f.with_metadata({"b": 2}).metadata.items()} for f in facts]


@program
def checks_say_what_they_looked_at(dg):
    @dg.asset
    def a():
        return 1

    @dg.asset_check(asset=a)
    def outside():
        return dg.AssetCheckResult(passed=True)

    @dg.asset(check_specs=[dg.AssetCheckSpec("before", asset="b"), dg.AssetCheckSpec("after", asset="b")])
    def b():
        yield dg.AssetCheckResult(check_name="before", passed=True)
        yield dg.Output(1)
        yield dg.AssetCheckResult(check_name="after", passed=True)

    instance = dg.DagsterInstance.ephemeral()
    result = dg.materialize([a, outside, b], instance=instance)

    def looked_at(evaluation):
        target = evaluation.target_materialization_data
        if target is None:
            return None
        latest = instance.fetch_materializations(evaluation.asset_key, limit=1).records[0]
        return [target.run_id == result.run_id, target.storage_id == latest.storage_id]

    return sorted([e.check_name, looked_at(e)] for e in result.get_asset_check_evaluations())


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
