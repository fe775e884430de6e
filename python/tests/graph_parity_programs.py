# mypy: ignore-errors
"""Programs of graphs, jobs and assets made by graphs that mean the same under Dagster and under Treadle; see
op_parity_programs.py."""

import sys

from op_parity_programs import KINDS, main, programs, raised, told

PROGRAMS = {}
program = programs(PROGRAMS)


class Shelf:
    """Makes IO managers that keep values by asset or by output."""

    def __init__(self, dg):
        values = self.values = {}

        class Manager(dg.IOManager):
            def place(self, context):
                if context.has_asset_key:
                    return tuple(context.asset_key.path)
                upstream = getattr(context, "upstream_output", None)
                return tuple((upstream or context).get_identifier())

            def handle_output(self, context, obj):
                values[self.place(context)] = obj

            def load_input(self, context):
                return values[self.place(context)]

        self.manager = Manager()


def trail(result):
    return [[e.event_type.name, e.step_key] for e in result.all_events if e.event_type.name in KINDS]


def ops(dg):
    @dg.op
    def one():
        return 1

    @dg.op
    def plus(x):
        return x + 1

    @dg.op(config_schema={"n": int})
    def number(context):
        return context.op_config["n"]

    @dg.op(config_schema={"m": int})
    def add(context, x):
        return context.op_config["m"] + x

    return one, plus, number, add


@program
def graphs_from_dictionaries(dg):
    one, plus, _, _ = ops(dg)

    @dg.op
    def total(xs):
        return sum(xs)

    graph = dg.GraphDefinition(
        name="g",
        node_defs=[one, plus, total],
        dependencies={
            dg.NodeInvocation("plus", alias="first"): {"x": dg.DependencyDefinition("one")},
            dg.NodeInvocation("plus", alias="second", tags={"a": "b"}): {
                "x": dg.DependencyDefinition("first")
            },
            "total": {
                "xs": dg.MultiDependencyDefinition(
                    [dg.DependencyDefinition("first"), dg.DependencyDefinition("second", "result")]
                )
            },
        },
        output_mappings=[dg.OutputMapping("sum", "total", "result")],
    )
    job = dg.JobDefinition(graph_def=graph, name="j", tags={"t": "v"}, description="d")
    result = job.execute_in_process()
    return [
        told(result, "first", "second", "total"),
        result.output_value("sum"),
        job.tags["t"],
        job.description,
    ]


@program
def input_mappings(dg):
    _, plus, _, _ = ops(dg)
    inner = dg.GraphDefinition(
        name="inner",
        node_defs=[plus],
        input_mappings=[
            dg.InputMapping(graph_input_name="start", mapped_node_name="plus", mapped_node_input_name="x")
        ],
        output_mappings=[dg.OutputMapping("result", "plus", "result")],
    )
    result = inner.execute_in_process(input_values={"start": 4})
    return [told(result, "plus"), result.output_value()]


@program
def wrong_dictionaries(dg):
    one, plus, _, _ = ops(dg)

    def make(**given):
        return raised(lambda: str(type(dg.GraphDefinition(name="g", **given))))

    dependency = dg.DependencyDefinition
    return [
        make(node_defs=[one, plus], dependencies={"plus": {"x": dependency("nope")}}),
        make(node_defs=[one, plus], dependencies={"plus": {"y": dependency("one")}}),
        make(node_defs=[one, plus], dependencies={"plus": {"x": dependency("one", "other")}}),
        make(node_defs=[one, plus], dependencies={"plus": {"x": dependency("plus")}}),
        make(node_defs=[one], dependencies={"plus": {"x": dependency("one")}}),
        make(node_defs=[one], dependencies={dg.NodeInvocation("plus", "p"): {"x": dependency("one")}}),
        raised(lambda: str(dg.MultiDependencyDefinition([dependency("one"), dependency("one")]))),
    ]


def graph_with_mapping(dg):
    _, _, number, add = ops(dg)

    @dg.config_mapping(config_schema={"k": int})
    def mapping(config):
        return {"number": {"config": {"n": config["k"]}}, "add": {"config": {"m": config["k"] * 2}}}

    @dg.graph(config=mapping)
    def scaled():
        return add(number())

    return scaled


@program
def config_mappings_of_graphs(dg):
    scaled = graph_with_mapping(dg)

    @dg.job
    def j():
        scaled()

    @dg.job
    def j2():
        scaled.configured({"k": 7}, name="seven")()

    @dg.job
    def j3():
        scaled.configured(lambda c: {"k": c["z"]}, name="by_z", config_schema={"z": int})()

    config = {"ops": {"scaled": {"config": {"k": 3}}}}
    return [
        j.execute_in_process(run_config=config).output_for_node("scaled"),
        scaled.to_job().execute_in_process(run_config={"ops": {"config": {"k": 4}}}).output_for_node("add"),
        j2.execute_in_process().output_for_node("seven"),
        j3.execute_in_process(run_config={"ops": {"by_z": {"config": {"z": 2}}}}).output_for_node("by_z"),
    ]


@program
def config_mapping_of_a_job(dg):
    _, _, number, _ = ops(dg)

    @dg.config_mapping(config_schema={"q": int})
    def mapping(config):
        return {"ops": {"number": {"config": {"n": config["q"]}}}}

    @dg.config_mapping
    def bad(config):
        raise ValueError("no")

    def job_with(config):
        @dg.job(config=config)
        def j():
            number()

        return j

    class Typed(dg.Config):
        w: int = 3

    @dg.config_mapping
    def typed(config: Typed):
        return {"ops": {"number": {"config": {"n": config.w}}}}

    def value(job, **given):
        return raised(lambda: job.execute_in_process(**given).output_for_node("number"))

    return [
        value(job_with(mapping), run_config={"q": 8}),
        value(job_with(bad)),
        value(job_with(typed), run_config={"w": 5}),
        value(job_with({"ops": {"number": {"config": {"n": 1}}}})),
        value(
            job_with({"ops": {"number": {"config": {"n": 1}}}}),
            run_config={"ops": {"number": {"config": {"n": 2}}}},
        ),
        value(job_with(dg.RunConfig(ops={"number": {"config": {"n": 6}}}))),
    ]


@program
def configured_ops(dg):
    _, _, number, _ = ops(dg)

    class Wanted(dg.Config):
        w: int = 3

    @dg.configured(number)
    def by_class(config: Wanted):
        return {"n": config.w}

    @dg.configured(number, {"z": int})
    def by_schema(config):
        return {"n": config["z"]}

    fixed = dg.configured(number, name="fixed")({"n": 77})

    @dg.job
    def j():
        by_class()
        by_schema()
        fixed()
        number.configured({"n": 5}, "five")()

    result = j.execute_in_process(run_config={"ops": {"by_schema": {"config": {"z": 1}}}})
    return told(result, "by_class", "by_schema", "fixed", "five")


@program
def graphs_that_cannot_be_configured(dg):
    one, _, _, _ = ops(dg)

    @dg.graph
    def plain():
        one()

    return raised(lambda: plain.configured({}, name="x"))


@program
def assets_as_inputs(dg):
    _, plus, _, _ = ops(dg)
    shelf = Shelf(dg)

    @dg.asset
    def up():
        return 5

    elsewhere = dg.SourceAsset("elsewhere")
    shelf.values[("elsewhere",)] = 10

    @dg.op
    def both(a, b):
        return a + b

    @dg.graph
    def inner(a):
        return plus(a)

    @dg.job(resource_defs={"io_manager": dg.IOManagerDefinition.hardcoded_io_manager(shelf.manager)})
    def j():
        both(plus(up), elsewhere)
        inner(up)

    instance = dg.DagsterInstance.ephemeral()
    dg.materialize([up], instance=instance, resources={"io_manager": shelf.manager})
    result = j.execute_in_process(instance=instance)
    return told(result, "both", "plus", "inner")


@program
def assets_of_graphs(dg):
    _, plus, _, _ = ops(dg)
    shelf = Shelf(dg)

    @dg.asset
    def up():
        return 5

    @dg.graph_asset(group_name="g", description="d", tags={"a": "b"}, owners=["team:x"], metadata={"m": 1})
    def made(up):
        return plus(plus(up))

    @dg.op(out={"a": dg.Out(), "b": dg.Out()})
    def two(x):
        return x, x * 2

    @dg.graph_multi_asset(
        outs={"one": dg.AssetOut(), "deux": dg.AssetOut(key=["p", "deux"])},
        ins={"x": dg.AssetIn("up")},
        group_name="h",
    )
    def several(x):
        a, b = two(plus(x))
        return {"one": a, "deux": b}

    result = dg.materialize([up, made, several], resources={"io_manager": shelf.manager})
    spec = made.get_asset_spec()
    return [
        sorted(trail(result), key=lambda e: e[1]),
        result.asset_value("made"),
        result.output_for_node("made"),
        result.asset_value("one"),
        result.asset_value(["p", "deux"]),
        [spec.group_name, spec.description, dict(spec.tags), list(spec.owners), dict(spec.metadata)],
        sorted([s.key.to_user_string(), s.group_name] for s in several.specs),
        sorted(k.to_user_string() for k in made.dependency_keys),
    ]


@program
def assets_from_graphs_and_ops(dg):
    _, plus, _, _ = ops(dg)
    shelf = Shelf(dg)

    @dg.asset
    def up():
        return 5

    @dg.graph
    def gg(up):
        return plus(up)

    a = dg.AssetsDefinition.from_graph(gg)
    b = dg.AssetsDefinition.from_op(plus, keys_by_input_name={"x": dg.AssetKey("up")}, key_prefix="pre")
    result = dg.materialize([up, a, b], resources={"io_manager": shelf.manager})
    return [
        {k: v.to_user_string() for k, v in a.keys_by_input_name.items()},
        {k: v.to_user_string() for k, v in a.keys_by_output_name.items()},
        sorted(trail(result), key=lambda e: e[1]),
        result.asset_value("gg"),
        result.asset_value(["pre", "plus"]),
        raised(lambda: dg.AssetsDefinition.from_graph(gg, keys_by_input_name={"no": dg.AssetKey("x")})),
        raised(lambda: dg.AssetsDefinition.from_graph(gg, keys_by_output_name={"no": dg.AssetKey("x")})),
    ]


@program
def configuration_of_an_asset_of_a_graph(dg):
    _, _, number, add = ops(dg)

    @dg.graph_asset
    def made():
        return add(number())

    config = {"ops": {"made": {"ops": {"number": {"config": {"n": 1}}, "add": {"config": {"m": 2}}}}}}
    return dg.materialize([made], run_config=config).asset_value("made")


@program
def hooks_of_an_asset_of_a_graph(dg):
    one, plus, _, _ = ops(dg)
    called = []

    @dg.success_hook
    def done(context):
        called.append(context.op.name)

    @dg.graph_asset(hooks={done})
    def made():
        return plus(one())

    dg.materialize([made])
    return called


@program
def stops_where_it_is_raised(dg):
    called = []

    @dg.failure_hook
    def failed(context):
        called.append("hook")

    @dg.op
    def bad():
        raise ValueError("boo")

    @dg.op
    def independent():
        called.append("independent")

    @dg.job(hooks={failed})
    def j():
        bad()
        independent()

    instance = dg.DagsterInstance.ephemeral()
    told = [raised(lambda: j.execute_in_process(instance=instance))]
    run = instance.get_runs()[0]
    told.append([run.status.value, sorted(called)])
    result = j.execute_in_process(instance=instance, raise_on_error=False)
    return [*told, result.success, sorted(called)]


@program
def a_subset_of_a_job(dg):
    one, plus, _, _ = ops(dg)

    @dg.job
    def j():
        plus.alias("c")(plus.alias("b")(one.alias("a")()))

    subset = j.get_subset(op_selection=["*b"])
    return [
        told(subset.execute_in_process(), "a", "b"),
        told(j.execute_in_process(op_selection=["a", "a+"]), "b"),
        raised(lambda: j.get_subset(op_selection=["nope"]))[0],
        raised(lambda: j.execute_in_process(op_selection=["nope"]))[0],
    ]


@program
def checks_in_graphs_of_assets(dg):
    from typing import Any

    @dg.op
    def create():
        return 1

    @dg.op
    def validate(word) -> Any:
        return dg.AssetCheckResult(check_name="first", passed=True, metadata={"n": 1})

    @dg.op
    def look(word) -> Any:
        yield dg.AssetCheckResult(check_name="second", passed=False, severity=dg.AssetCheckSeverity.WARN)

    @dg.op(ins={"checked": dg.In(dg.Nothing)})
    def publish(staged):
        return staged + 1

    @dg.graph_asset(
        check_specs=[dg.AssetCheckSpec("first", asset="table"), dg.AssetCheckSpec("second", asset="table")]
    )
    def table():
        staged = create()
        first = validate(staged)
        published = publish(staged, checked=first)
        return {"result": published, "table_first": first, "table_second": look(staged)}

    @dg.graph_multi_asset(
        outs={"one": dg.AssetOut(), "two": dg.AssetOut(key_prefix="p")},
        check_specs=[dg.AssetCheckSpec("second", asset=["p", "two"])],
        can_subset=True,
    )
    def several():
        made = create()
        return {"one": made, "two": create.alias("other")(), "p__two_second": look(made)}

    def one(result):
        found = told(result)
        checks = [
            [c.asset_key.to_user_string(), c.check_name, c.passed, c.severity.value, sorted(c.metadata)]
            for c in result.get_asset_check_evaluations()
        ]
        return [found, sorted(checks)]

    def declared(*specs, name="x"):
        graph = dg.graph_asset(name=name, check_specs=list(specs))(lambda: create())
        return sorted(c.name for c in graph.check_specs)

    @dg.graph_asset
    def unchecked():
        return validate(create())

    @dg.job
    def no_assets():
        validate(create())

    spec = dg.AssetCheckSpec("c", asset="x")
    return [
        one(dg.materialize([table, several])),
        one(dg.materialize([table, several], selection=[dg.AssetKey("one")])),
        sorted(c.name for c in table.check_specs),
        raised(lambda: declared(spec)),
        raised(lambda: declared(dg.AssetCheckSpec("c", asset="y"))),
        raised(lambda: declared(spec, spec)),
        raised(lambda: dg.materialize([unchecked])),
        raised(lambda: no_assets.execute_in_process())[0],
    ]


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
