# mypy: ignore-errors
"""Programs with what public Dagster projects were seen to do, the same under Dagster and under Treadle. Run
as a script it prints what each did, as JSON: `python project_parity_programs.py dagster`."""

import sys
from contextlib import contextmanager

from op_parity_programs import main, programs, raised

PROGRAMS = {}
program = programs(PROGRAMS)


@program
def function_behind_a_decorator(dg):
    @dg.asset
    def one():
        return 1

    @dg.op
    def two():
        return 2

    found = [one.op.compute_fn.decorated_fn, two.compute_fn.decorated_fn]
    return [[f(), f.__name__] for f in found], one.op.compute_fn.name


@program
def dependencies_by_their_older_name(dg):
    @dg.asset
    def first():
        pass

    @dg.asset(non_argument_deps={"first"})
    def second():
        pass

    @dg.multi_asset(outs={"p": dg.AssetOut()}, non_argument_deps={dg.AssetKey("second")})
    def third():
        return 1

    def both():
        @dg.asset(deps=[first], non_argument_deps={"second"})
        def fourth():
            pass

    def of_a_list():
        @dg.asset(non_argument_deps=["second"])
        def fourth():
            pass

    keys = [sorted(k.to_user_string() for k in a.dependency_keys) for a in (second, third)]
    return keys, raised(both), raised(of_a_list)[0], dg.materialize([first, second, third]).success


@program
def list_of_nothing(dg):
    @dg.op
    def count(values):
        return len(values)

    @dg.graph
    def counted():
        return count(values=[])

    return counted.execute_in_process().output_value()


@program
def graph_that_returns_all_outputs_of_an_op(dg):
    @dg.op(out={"a": dg.Out(int), "b": dg.Out(int)})
    def two():
        return 1, 2

    @dg.graph
    def first():
        return two()

    @dg.graph(out={"b": dg.GraphOut(), "a": dg.GraphOut()})
    def in_order():
        return two()

    @dg.graph(out={"x": dg.GraphOut()})
    def renamed():
        return two()

    ordered = in_order.execute_in_process()
    return [
        first.execute_in_process().output_value(),
        [ordered.output_value("a"), ordered.output_value("b")],
        renamed.execute_in_process().output_value("x"),
    ]


@program
def class_with_a_loader(dg):
    @dg.dagster_type_loader(config_schema={"size": float, "kind": str})
    def load_apple(context, config):
        return Apple(config["size"], config["kind"])

    @dg.usable_as_dagster_type(loader=load_apple)
    class Apple:
        def __init__(self, size, kind):
            self.size, self.kind = size, kind

    @dg.op(ins={"apple": dg.In(Apple)})
    def said(apple):
        return apple.kind

    @dg.op
    def annotated(apple: Apple):
        return apple.size

    @dg.job
    def apples():
        said()
        annotated()

    def inputs(**apple):
        return {"inputs": {"apple": apple}}

    config = {"ops": {"said": inputs(size=1.0, kind="cox"), "annotated": inputs(size=2.0, kind="fuji")}}
    result = apples.execute_in_process(run_config=config)
    wrong = {"ops": {"said": inputs(size="x", kind="cox"), "annotated": inputs(kind="fuji")}}
    return [
        result.output_for_node("said"),
        result.output_for_node("annotated"),
        raised(lambda: apples.execute_in_process(run_config=wrong))[0],
    ]


@program
def configuration_of_an_output_where_it_is_loaded(dg):
    tables = {}

    class Tables(dg.IOManager):
        def handle_output(self, context, obj):
            tables[context.config["table"]] = obj

        def load_input(self, context):
            return tables[context.upstream_output.config["table"]]

    @dg.io_manager(output_config_schema={"table": str})
    def in_tables(_):
        return Tables()

    @dg.op
    def make():
        return 3

    @dg.op
    def twice(n):
        return n * 2

    @dg.job(resource_defs={"io_manager": in_tables})
    def both():
        twice(make())

    ops = {n: {"outputs": {"result": {"table": n + "_table"}}} for n in ("make", "twice")}
    result = both.execute_in_process(run_config={"ops": ops})
    return result.success, tables


@program
def resource_made_by_a_context_manager_without_parameters(dg):
    closed = []

    @dg.resource
    @contextmanager
    def connection():
        yield "open"
        closed.append(True)

    with connection() as called:
        seen = [called]

    @dg.op(required_resource_keys={"connection"})
    def use(context):
        seen.append(context.resources.connection)

    @dg.job(resource_defs={"connection": connection})
    def using():
        use()

    return using.execute_in_process().success, seen, len(closed)


@program
def repository_as_a_store_of_values(dg):
    @dg.asset
    def one():
        return 1

    @dg.asset
    def two():
        return 2

    @dg.logger
    def quiet(_):
        raise AssertionError

    @dg.repository(default_logger_defs={"quiet": quiet})
    def repo():
        manager = dg.mem_io_manager
        both = dg.with_resources([one, two], {"io_manager": manager})
        return [*both, dg.define_asset_job("all_of_it")]

    return list(repo.get_job("all_of_it").loggers), hasattr(repo, "get_asset_value_loader")


@program
def what_a_graph_knows_of_its_assets(dg):
    days = dg.DailyPartitionsDefinition("2026-01-01")
    yesterday = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)

    @dg.asset(partitions_def=days, automation_condition=dg.AutomationCondition.eager())
    def raw():
        pass

    @dg.asset(
        partitions_def=days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        io_manager_key="other",
        deps=[dg.AssetDep(raw, partition_mapping=yesterday)],
    )
    def clean():
        pass

    @dg.multi_asset(specs=[dg.AssetSpec("p"), dg.AssetSpec("q")])
    def pair():
        pass

    @dg.asset_check(asset=raw)
    def good():
        return True

    defs = dg.Definitions([raw, clean, pair], asset_checks=[good], resources={"other": dg.mem_io_manager})
    graph = defs.resolve_asset_graph()
    nodes = {n: graph.get(dg.AssetKey(n)) for n in ("raw", "clean", "p")}
    return {
        name: [
            node.is_partitioned,
            node.partitions_def == days,
            [[k.to_user_string(), m == yesterday] for k, m in node.partition_mappings.items()],
            node.automation_condition is not None,
            node.backfill_policy == dg.BackfillPolicy.single_run(),
            sorted(k.to_user_string() for k in node.execution_set_asset_keys),
            node.has_self_dependency,
            node.io_manager_key,
            sorted(k.to_user_string() for k in node.child_entity_keys),
            node.to_asset_spec().key.to_user_string(),
        ]
        for name, node in nodes.items()
    }


@program
def subset_of_partitions_that_a_mapping_gives(dg):
    upstream = dg.StaticPartitionsDefinition(["a", "b"])
    downstream = dg.StaticPartitionsDefinition(["x", "y"])
    found = dg.StaticPartitionMapping({"a": "x", "b": "y"}).get_downstream_partitions_for_partitions(
        upstream_partitions_subset=upstream.empty_subset().with_partition_keys(["a"]),
        upstream_partitions_def=upstream,
        downstream_partitions_def=downstream,
    )
    return sorted(found.subset), sorted(found[0])


@program
def context_of_a_test_with_a_function_put_into_it(dg):
    seen = []

    @dg.op
    def tells(context):
        context.log_event(dg.AssetMaterialization("a"))

    context = dg.build_op_context()
    context.log_event = lambda event: seen.append(event.asset_key.to_user_string())
    tells(context)
    return seen


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
