# mypy: ignore-errors
"""Programs about jobs of assets and parts of them, what contexts say of where they are, and running again. As
in op_parity_programs.py: each returns what is compared, as JSON."""

import sys

from op_parity_programs import main, raised

PROGRAMS = {}


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


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
