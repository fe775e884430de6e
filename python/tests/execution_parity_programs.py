# mypy: ignore-errors
"""Programs about how ops run that mean the same under Dagster and under Treadle: what they yield, executors,
running again, hooks, results; see op_parity_programs.py."""

import asyncio
import sys

from graph_parity_programs import ops
from op_parity_programs import main, programs, raised, told

PROGRAMS = {}
program = programs(PROGRAMS)


@program
def expectations(dg):
    @dg.op
    def a(context):
        yield dg.ExpectationResult(success=True, label="l", description="d", metadata={"m": 1})
        yield dg.ExpectationResult(False)
        context.log_event(dg.ExpectationResult(False, "logged"))
        yield dg.Output(1)

    @dg.op
    def b():
        return dg.ExpectationResult(True)

    @dg.job
    def j():
        a()

    @dg.job
    def j2():
        b()

    found = []
    for event in j.execute_in_process().all_events:
        if event.event_type.name == "STEP_EXPECTATION_RESULT":
            one = event.event_specific_data.expectation_result
            found.append([event.message, one.success, one.label, one.description, sorted(one.metadata)])
    return [found, raised(j2.execute_in_process)]


@program
def yields_in_order(dg):
    @dg.op(out={"a": dg.Out(), "b": dg.Out(is_required=False)})
    def make(context):
        yield dg.AssetMaterialization("seen", metadata={"n": 1})
        yield dg.Output(1, "a")
        yield dg.AssetObservation("seen")
        yield dg.Output(2, "b")

    @dg.job
    def j():
        make()

    return [
        e.event_type.name
        for e in j.execute_in_process().all_events
        if e.step_key == "make" and not e.event_type.name.startswith("RESOURCE")
    ]


@program
def async_ops(dg):
    @dg.op
    async def one():
        await asyncio.sleep(0)
        return 1

    @dg.op(out={"a": dg.Out(), "b": dg.Out()})
    async def two(x):
        yield dg.Output(x, "a")
        await asyncio.sleep(0)
        yield dg.Output(x + 1, "b")

    @dg.job
    def j():
        two(one())

    return told(j.execute_in_process(), "one", ("two", "a"), ("two", "b"))


@program
def results(dg):
    one, plus, _, _ = ops(dg)

    @dg.op
    def bad(x):
        raise ValueError("boo")

    @dg.op
    def after(x):
        return x

    @dg.graph
    def inner(x):
        return plus(x)

    @dg.job
    def j():
        after(bad(inner(one())))

    result = j.execute_in_process(raise_on_error=False)
    failure = result.failure_data_for_node("bad")
    return [
        result.success,
        result.is_node_success("one"),
        result.is_node_failed("bad"),
        result.is_node_untouched("after"),
        result.is_node_skipped("after"),
        [e.event_type.name for e in result.events_for_node("one")],
        [e.event_type.name for e in result.events_for_node("inner.plus")],
        (failure.error.cause or failure.error).cls_name,
        result.output_for_node("inner"),
        result.output_for_node("inner.plus"),
        raised(lambda: result.output_for_node("nope"))[0],
        raised(lambda: result.output_for_node("one", "nope"))[0],
        raised(lambda: result.output_value())[0],
        result.get_failed_step_keys(),
        len(result.get_step_success_events()),
        result.job_def.name,
    ][:13]


@program
def retries_are_told(dg):
    @dg.op
    def flaky(context):
        if context.retry_number < 2:
            raise dg.RetryRequested(max_retries=3, seconds_to_wait=0)
        return context.retry_number

    @dg.op(retry_policy=dg.RetryPolicy(max_retries=1))
    def never():
        raise ValueError("no")

    @dg.op
    def gives_up():
        raise dg.RetryRequested(max_retries=1)

    @dg.op
    def refuses():
        raise dg.Failure("no use", metadata={"n": 1}, allow_retries=False)

    def job_of(op):
        @dg.job(op_retry_policy=dg.RetryPolicy(max_retries=2))
        def j():
            op()

        result = j.execute_in_process(raise_on_error=False)
        return [
            [e.event_type.name for e in result.all_events if e.event_type.name.startswith("STEP")],
            result.retry_attempts_for_node(op.name),
        ]

    return [job_of(op) for op in (flaky, never, gives_up, refuses)]


@program
def hooks_are_called_once(dg):
    called = []

    @dg.success_hook
    def good(context):
        called.append([context.hook_def.name, context.op.name, context.step_key])

    @dg.failure_hook(required_resource_keys={"r"})
    def bad(context):
        called.append([context.resources.r, context.op.name, type(context.op_exception).__name__])

    @dg.success_hook
    def wrong(context):
        raise RuntimeError("in a hook")

    @dg.op
    def fine():
        return 1

    @dg.op
    def fails():
        raise ValueError("boo")

    @dg.graph
    def inner():
        return fine()

    @dg.job(hooks={good, bad}, resource_defs={"r": dg.ResourceDefinition.hardcoded_resource(5)})
    def j():
        fine.with_hooks({good})()
        fails()
        inner.with_hooks({wrong})()

    result = j.execute_in_process(raise_on_error=False)
    hooks = [
        [e.event_type.name, e.step_key] for e in result.all_events if e.event_type.name.startswith("HOOK")
    ]
    return [sorted(called, key=str), sorted(hooks), result.success]


@program
def a_mapped_step_that_fails(dg):
    made = []

    @dg.op
    def make():
        made.append(1)
        return len(made)

    @dg.op(out=dg.DynamicOut())
    def spread(x):
        for key in "ab":
            yield dg.DynamicOutput(x, mapping_key=key)

    @dg.op
    def use(context, x):
        if len(made) < 2 and context.get_mapping_key() == "b":
            raise ValueError("not yet")
        return x * 10

    @dg.op
    def join(xs):
        return xs

    @dg.job(executor_def=dg.in_process_executor)
    def j():
        join(spread(make()).map(use).collect())

    with dg.DagsterInstance.local_temp() as instance:
        first = j.execute_in_process(instance=instance, raise_on_error=False)
        return [first.success, sorted(e.step_key for e in first.all_events if e.is_step_success)]


@program
def executor_configuration(dg):
    one, _, _, _ = ops(dg)
    told_names = [
        dg.in_process_executor.name,
        dg.multiprocess_executor.name,
        dg.multi_or_in_process_executor.name,
        dg.multiprocess_executor.configured({"max_concurrent": 2}).name,
        dg.multiprocess_executor.configured({"max_concurrent": 2}, name="two").name,
    ]

    @dg.job(executor_def=dg.in_process_executor)
    def j():
        one()

    return [told_names, j.executor_def.name, j.execute_in_process().success]


@program
def not_reconstructable(dg):
    one, _, _, _ = ops(dg)

    @dg.job
    def j():
        one()

    @dg.graph
    def g():
        one()

    return [
        raised(lambda: str(dg.reconstructable(lambda: j))),
        raised(lambda: str(dg.reconstructable(j))),
        raised(lambda: str(dg.reconstructable(g.to_job())))[0],
        raised(lambda: str(dg.reconstructable(5))),
    ]


@program
def tags_and_descriptions(dg):
    @dg.op(tags={"a": 1, "b": {"c": 2}}, description="an op")
    def one():
        """Not this."""
        return 1

    @dg.graph(tags={"g": "h"}, description="a graph")
    def g():
        return one()

    @dg.job(tags={"t": "v"}, metadata={"owner": "me"}, description="a job")
    def j():
        g()

    made = g.to_job(name="made", tags={"k": "v"}, description="d")
    return [
        dict(one.tags),
        one.description,
        g.description,
        dict(j.tags),
        j.description,
        sorted(j.metadata),
        [made.name, dict(made.tags), made.description],
        [n.name for n in j.nodes],
        [d.name for d in j.all_node_defs] and True,
        j.has_node_named("g"),
    ]


@program
def steps_by_priority(dg):
    order = []

    def op_of(name, priority):
        @dg.op(name=name, tags={"dagster/priority": priority})
        def one():
            order.append(name)

        return one

    a, b, c = op_of("a", "1"), op_of("b", "3"), op_of("c", "2")

    @dg.job
    def j():
        a()
        b()
        c()

    j.execute_in_process()
    return order


@program
def inputs_from_configuration(dg):
    @dg.op
    def typed(n: int, s: str, f: float, b: bool):
        return [n, s, f, b]

    @dg.op
    def listed(xs: list):
        return xs

    @dg.op
    def defaulted(x: int = 4):
        return x

    @dg.job
    def j():
        typed()
        defaulted()

    config = {"ops": {"typed": {"inputs": {"n": 1, "s": "x", "f": 1.5, "b": True}}}}
    return [
        told(j.execute_in_process(run_config=config), "typed", "defaulted"),
        told(
            j.execute_in_process(
                run_config={"ops": {**config["ops"], "defaulted": {"inputs": {"x": {"value": 9}}}}}
            ),
            "defaulted",
        ),
    ]


@program
def direct_invocation(dg):
    @dg.op
    def plain(x, y=2):
        return x + y

    @dg.op(required_resource_keys={"r"}, config_schema={"n": int})
    def asks(context, x):
        return context.resources.r + context.op_config["n"] + x

    @dg.op
    def generator():
        yield dg.Output(1)

    @dg.success_hook
    def hook(context):
        return context.op_output_values

    context = dg.build_op_context(resources={"r": 10}, op_config={"n": 5})
    return [
        plain(1),
        plain(x=1, y=5),
        asks(context, 1),
        [o.value for o in generator()],
        raised(lambda: plain()),
        raised(lambda: plain(1, 2, 3)),
        raised(lambda: asks(1)),
    ]


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
