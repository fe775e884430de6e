# mypy: ignore-errors
"""Programs of ops that mean the same under Dagster and under Treadle. Run as a script it prints what each
did, as JSON: `python op_parity_programs.py dagster`."""

import asyncio
import importlib
import json
import logging
import sys
import warnings

PROGRAMS = {}
KINDS = ("STEP_START", "STEP_OUTPUT", "STEP_INPUT", "STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED")
KINDS += ("HANDLED_OUTPUT", "LOADED_INPUT", "ASSET_MATERIALIZATION", "STEP_UP_FOR_RETRY", "STEP_RESTARTED")


def programs(table):
    """A decorator that adds a function to a table of programs."""

    def add(fn):
        table[fn.__name__] = fn
        return fn

    return add


program = programs(PROGRAMS)


def told(result, *outputs):
    """The events of each step in order, and outputs."""
    steps = {}
    for event in result.all_events:
        kind = event.event_type.name
        if kind in KINDS:
            steps.setdefault(event.step_key, []).append(kind)
    return {
        "success": result.success,
        "steps": dict(sorted(steps.items())),
        "outputs": [
            result.output_for_node(*o) if isinstance(o, tuple) else result.output_for_node(o) for o in outputs
        ],
    }


def raised(call):
    try:
        return call()
    except Exception as e:
        return [type(e).__name__, str(e)]


def base(dg):
    @dg.op
    def one():
        return 1

    @dg.op
    def add(x, y):
        return x + y

    return one, add


@program
def aliases(dg):
    one, add = base(dg)

    @dg.job(tags={"team": "x"})
    def j():
        add(one(), one.alias("uno")())
        add(one(), add(one(), one()))

    return told(j.execute_in_process(), "add", "add_2", "add_3", "one_4", "uno")


@program
def several_outputs(dg):
    @dg.op(out={"a": dg.Out(int), "b": dg.Out(str, is_required=False), "c": dg.Out(is_required=False)})
    def make():
        yield dg.Output(1, "a", metadata={"n": 1})
        yield dg.Output("x", "b")

    @dg.op
    def use(v):
        return v

    @dg.job
    def j():
        made = make()
        use.alias("use_a")(made.a)
        use.alias("use_b")(made.b)
        use.alias("use_c")(made.c)

    return told(j.execute_in_process(), ("make", "a"), "use_a", "use_b")


@program
def dynamic(dg):
    @dg.op(out=dg.DynamicOut(int))
    def spread():
        for n in range(3):
            yield dg.DynamicOutput(n, mapping_key=f"k{n}")

    @dg.op
    def double(n):
        return n * 2

    @dg.op
    def total(ns):
        return sum(ns)

    @dg.job
    def j():
        total(spread().map(lambda n: double(double(n))).collect())

    return told(j.execute_in_process(), "spread", "double", "double_2", "total")


@program
def dynamic_without_values(dg):
    @dg.op(out=dg.DynamicOut())
    def spread():
        return []

    @dg.op
    def same(n):
        return n

    @dg.job
    def j():
        same.alias("all")(spread().map(same).collect())

    return told(j.execute_in_process(), "all")


@program
def dynamic_returned_and_by_context(dg):
    @dg.op(out=dg.DynamicOut())
    def spread():
        return [dg.DynamicOutput(1, "a"), dg.DynamicOutput(2, "b")]

    @dg.op
    def keyed(context, n):
        return f"{context.get_mapping_key()}{n}"

    @dg.job
    def j():
        spread().map(keyed)

    return told(j.execute_in_process(), "keyed")


@program
def nested(dg):
    one, add = base(dg)

    @dg.graph
    def inner(x):
        return add(x, one())

    @dg.graph(out={"p": dg.GraphOut(), "q": dg.GraphOut()})
    def outer(x):
        a = inner(x)
        return {"p": a, "q": inner.alias("again")(a)}

    @dg.job
    def j():
        got = outer(one())
        add(got.p, got.q)

    return told(j.execute_in_process(), "outer.inner", "outer.again.add", ("outer", "q"), "add")


@program
def fan_in(dg):
    one, add = base(dg)

    @dg.op
    def total(ns):
        return sum(ns)

    @dg.graph
    def sums(ns):
        return total(ns)

    @dg.job
    def j():
        total.alias("top")([one(), one(), add(one(), one())])
        sums([one(), one()])

    return told(j.execute_in_process(), "top", "sums")


@program
def nothing(dg):
    @dg.op(out=dg.Out(dg.Nothing))
    def first():
        pass

    @dg.op(ins={"after": dg.In(dg.Nothing)})
    def second():
        return 2

    @dg.job
    def j():
        second(first())
        second.alias("third")(after=[first(), first.alias("f")()])

    return told(j.execute_in_process(), "second", "third")


@program
def config(dg):
    @dg.op(config_schema={"n": int})
    def c(context):
        return context.op_config["n"]

    @dg.graph
    def g():
        return c()

    @dg.job
    def j():
        g()
        c()

    three = c.configured({"n": 3}, name="three")

    @dg.job(config={"ops": {"c": {"config": {"n": 5}}}})
    def k():
        three()
        c()

    r = j.execute_in_process(
        run_config={"ops": {"c": {"config": {"n": 1}}, "g": {"ops": {"c": {"config": {"n": 2}}}}}}
    )
    bad = raised(lambda: j.execute_in_process(run_config={"ops": {"c": {"config": {"n": 1}}}}))
    return [told(r, "c", "g"), told(k.execute_in_process(), "three", "c"), bad[0]]


@program
def inputs_from_outside(dg):
    @dg.op
    def a(x: int, y: int = 7):
        return x + y

    @dg.graph
    def g(x, y):
        return a(x, y)

    @dg.job
    def j():
        a()

    r = j.execute_in_process(run_config={"ops": {"a": {"inputs": {"x": 1}}}})
    s = g.to_job(name="s", input_values={"x": 1, "y": 2}).execute_in_process()
    return [told(r, "a"), told(s, "a"), s.output_value(), raised(j.execute_in_process)[0]]


@program
def failing(dg):
    one, add = base(dg)
    seen = []

    @dg.success_hook
    def good(context):
        seen.append(["good", context.op.name, context.step_key])

    @dg.failure_hook
    def bad(context):
        seen.append(["bad", context.op.name, type(context.op_exception).__name__])

    @dg.op
    def fails(x):
        raise ValueError("no")

    @dg.job(hooks={good, bad})
    def j():
        add(fails(one()), one.with_hooks({good}).alias("hooked")())

    r = j.execute_in_process(raise_on_error=False)
    return [told(r), sorted(seen), raised(j.execute_in_process), r.is_node_skipped("add")]


@program
def retries(dg):
    tries = []

    @dg.op(retry_policy=dg.RetryPolicy(max_retries=2))
    def flaky():
        tries.append(1)
        if len(tries) < 3:
            raise dg.RetryRequested(max_retries=3) if len(tries) == 1 else ValueError("x")
        return len(tries)

    @dg.job
    def j():
        flaky()

    return told(j.execute_in_process(), "flaky")


@program
def types(dg):
    @dg.op
    def text() -> str:
        return 1

    @dg.op
    def number(x: int):
        return x

    @dg.op
    def word():
        return "w"

    @dg.job
    def j():
        text()

    @dg.job
    def k():
        number(word())

    return [raised(j.execute_in_process)[0], raised(k.execute_in_process)[0]]


@program
def resources_and_events(dg):
    @dg.resource
    def db(_):
        return {"a": 1}

    @dg.op(required_resource_keys={"db"})
    def read(context):
        context.log_event(dg.AssetMaterialization("thing"))
        context.add_output_metadata({"m": 1})
        return context.resources.db["a"]

    @dg.op
    async def later(x):
        await asyncio.sleep(0)
        return x + 1

    @dg.op
    def gen(x):
        yield dg.AssetMaterialization("other")
        yield dg.Output(x)

    @dg.job(resource_defs={"db": db})
    def j():
        gen(later(read()))

    other = j.execute_in_process(resources={"db": {"a": 5}})
    return [told(j.execute_in_process(), "gen"), told(other, "gen")]


@program
def wrong_results(dg):
    @dg.op
    def nothing_yielded():
        if False:
            yield

    @dg.op
    def bare():
        yield 1

    @dg.op(out=dg.DynamicOut())
    def not_dynamic():
        return 1

    @dg.op(out={})
    def none():
        return 1

    @dg.op(out={"a": dg.Out(), "b": dg.Out()})
    def short():
        return 1

    @dg.op
    def twice():
        yield dg.Output(1)
        yield dg.Output(1)

    def run(node):
        @dg.graph
        def g():
            node()

        return raised(lambda: g.to_job(name="j").execute_in_process())

    return [
        [run(node)[0], run(node)[1][:90]] for node in (nothing_yielded, bare, not_dynamic, none, short, twice)
    ]


@program
def called_directly(dg):
    @dg.op(config_schema={"n": int}, required_resource_keys={"r"})
    def full(context, x):
        return [context.op_config["n"], context.resources.r, x]

    @dg.op
    def plain(x, y=2):
        return x + y

    context = dg.build_op_context(op_config={"n": 1}, resources={"r": "R"})
    return [
        full(context, 3),
        plain(1),
        plain(1, y=5),
        plain(x=4),
        raised(lambda: full(3)),
        raised(plain),
        raised(lambda: plain(1, 2, 3))[0],
        raised(lambda: plain.alias("p")(1)),
    ]


@program
def selection(dg):
    one, _add = base(dg)

    @dg.job
    def j():
        one.alias("b")()
        one()

    return told(j.execute_in_process(op_selection=["b"]), "b")


@program
def refused(dg):
    one, add = base(dg)

    @dg.op(out={"a": dg.Out(), "b": dg.Out()})
    def two():
        return 1, 2

    @dg.op(out=dg.DynamicOut())
    def spread():
        yield dg.DynamicOutput(1, "a")

    @dg.graph
    def g():
        one()

    def composed(body):
        return raised(lambda: dg.job(name="j")(body))

    return [
        composed(lambda: add(one, one())),
        composed(lambda: add(1, one())),
        composed(lambda: add(one(), one(), one())),
        composed(lambda: add(spread(), one())),
        composed(lambda: [*one()]),
        composed(lambda: one()[0]),
        composed(lambda: add(x=one(), y=two())),
        composed(lambda: (one.alias("z")(), one.alias("z")())),
        composed(lambda: {"r": 1}),
        composed(lambda: 5),
        raised(g),
    ]


def main(table, module):
    """Runs all programs of a table, and prints what they did."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    dagster = importlib.import_module(module)
    print(json.dumps({name: raised(lambda fn=fn: fn(dagster)) for name, fn in table.items()}))


@program
def kinds_of_contexts(dg):
    seen = {}

    def kind(context):
        kinds = ("OpExecutionContext", "AssetExecutionContext", "AssetCheckExecutionContext")
        return [k for k in kinds if isinstance(context, getattr(dg, k))]

    @dg.asset
    def plain(context):
        seen["asset"] = kind(context)
        seen["of_asset"] = kind(context.op_execution_context)
        seen["current"] = kind(dg.OpExecutionContext.get())
        return 1

    @dg.asset
    def as_op(context: dg.OpExecutionContext):
        seen["asset as op"] = kind(context)

    @dg.asset_check(asset=plain)
    def check(context):
        seen["check"] = kind(context)
        return dg.AssetCheckResult(passed=True)

    @dg.op
    def of_graph(context: dg.AssetExecutionContext):
        seen["op of an asset"] = kind(context)
        return 1

    @dg.graph_asset
    def graph_backed():
        return of_graph()

    dg.materialize([plain, as_op, check, graph_backed])

    @dg.op
    def alone(context):
        seen["op"] = kind(context)

    @dg.job
    def j():
        alone()

    j.execute_in_process()

    @dg.job
    def refused():
        of_graph()

    @dg.asset_check(asset=plain)
    def refused_check(context: dg.AssetExecutionContext):
        return dg.AssetCheckResult(passed=True)

    def wrong():
        @dg.op
        def refused_op(context: int):
            pass

    seen["built"] = [kind(dg.build_op_context()), kind(dg.build_asset_context())]
    seen["errors"] = [
        raised(refused.execute_in_process),
        raised(lambda: dg.materialize([plain, refused_check])),
        raised(wrong),
        raised(dg.OpExecutionContext.get),
    ]
    return seen


@program
def definitions_of_plain_functions(dg):
    def plus_one(context, inputs):
        yield dg.Output(inputs["a"] + 1)

    def returns(context, inputs):
        return 5

    plus = dg.OpDefinition(compute_fn=plus_one, name="plus", ins={"a": dg.In(int)})
    five = dg.OpDefinition(compute_fn=returns, name="five")
    one, _ = base(dg)

    @dg.job
    def j():
        plus(one())

    @dg.job
    def refused():
        five()

    return [
        told(j.execute_in_process(), "plus"),
        refused.execute_in_process(raise_on_error=False).success,
        raised(lambda: plus(1)),
    ]


@program
def values_loaded_in_a_function(dg):
    values = {}

    class Kept(dg.IOManager):
        def handle_output(self, context, obj):
            values[tuple(context.asset_key.path)] = obj

        def load_input(self, context):
            return values[tuple(context.asset_key.path)]

    @dg.asset(io_manager_key="kept")
    def first():
        return 5

    @dg.asset(io_manager_key="kept", deps=[first])
    def second(context: dg.AssetExecutionContext):
        return context.load_asset_value(first.key) + 1

    defs = dg.Definitions([first, second], resources={"kept": Kept()})
    job = defs.resolve_implicit_global_asset_job_def()
    return told(job.execute_in_process(), "second")["outputs"]


@program
def outs_of_specs(dg):
    def spec(**given):
        return dg.AssetSpec("key", kinds={"python"}, description="said", group_name="g", **given)

    out = dg.AssetOut.from_spec(spec(), io_manager_key="io")

    @dg.multi_asset(outs={"a": out})
    def made():
        pass

    told_spec = next(iter(made.specs))
    return [
        told_spec.key.path,
        sorted(told_spec.kinds),
        told_spec.description,
        told_spec.group_name,
        raised(lambda: dg.AssetOut.from_spec(spec(deps=["x"]))),
    ]


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
