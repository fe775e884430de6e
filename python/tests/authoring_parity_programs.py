# mypy: ignore-errors
"""Programs about how definitions are made, called and told, the same under Dagster and under Treadle. Run as
a script it prints what each did, as JSON: `python authoring_parity_programs.py dagster`."""

import sys

from op_parity_programs import main, programs, raised

PROGRAMS = {}
program = programs(PROGRAMS)


@program
def hooks_of_assets(dg):
    seen = []

    @dg.success_hook(required_resource_keys={"channel"})
    def told_success(context):
        values = context.op_output_values
        metadata = {k: {n: v.value for n, v in m.items()} for k, m in context.op_output_metadata.items()}
        seen.append([context.op.name, context.step_key, context.resources.channel, values, metadata])

    @dg.failure_hook
    def told_failure(context):
        seen.append([context.op.name, repr(context.op_exception)])

    @dg.asset(hooks={told_success, told_failure}, config_schema={"a": dg.Field(int, default_value=3)})
    def one(context):
        context.add_output_metadata({"rows": 2})
        return context.op_config["a"]

    @dg.asset(hooks={told_failure})
    def two():
        raise ValueError("no")

    @dg.multi_asset(outs={"p": dg.AssetOut(), "q": dg.AssetOut()}, hooks={told_success})
    def many():
        return 1, 2

    @dg.asset
    def three():
        return 3

    dg.materialize([one, two, many], resources={"channel": "ops"}, raise_on_error=False)
    definitions = dg.Definitions(
        [three],
        jobs=[dg.define_asset_job("hooked", hooks={told_success})],
        resources={"channel": "job"},
    )
    result = definitions.get_job_def("hooked").execute_in_process()
    kinds = [e.event_type_value for e in result.all_events if "HOOK" in e.event_type_value]
    return [sorted(seen, key=str), kinds]


@program
def hooks_called_directly(dg):
    @dg.resource
    def channel():
        return "channel"

    @dg.success_hook(required_resource_keys={"channel"})
    def tell(context):
        return [context.resources.channel, context.op.name, context.run_id, context.op_exception]

    @dg.op
    def train():
        pass

    context = dg.build_hook_context(resources={"channel": channel}, op=train.alias("trained"), run_id="r")
    bare = dg.build_hook_context()
    return [
        tell(context),
        tell(context=context),
        raised(lambda: tell()),
        raised(lambda: tell(None)),
        raised(lambda: tell(context, 1)),
        raised(lambda: tell(other=context)),
        raised(lambda: bare.run_id),
        raised(lambda: bare.step_key),
        raised(lambda: bare.op_output_values),
        raised(lambda: bare.instance),
        [bare.op_exception, str(dg.build_hook_context(op_exception=ValueError("x")).op_exception)],
    ]


@program
def hooks_with_resources_that_clean_up(dg):
    log = []

    @dg.resource
    def session():
        log.append("open")
        yield "session"
        log.append("close")

    @dg.failure_hook(required_resource_keys={"session"})
    def tell(context):
        log.append(context.resources.session)

    with dg.build_hook_context(resources={"session": session}) as context:
        tell(context)
    outside = dg.build_hook_context(resources={"session": session})
    return [log, raised(lambda: tell(outside))]


@program
def assets_of_a_node_by_constructor(dg):
    @dg.op
    def double(x):
        return x * 2

    @dg.asset
    def one():
        return 1

    made = dg.AssetsDefinition(
        keys_by_input_name={"x": dg.AssetKey("one")},
        keys_by_output_name={"result": dg.AssetKey("two")},
        node_def=double,
        group_names_by_key={dg.AssetKey("two"): "numbers"},
        owners_by_key={dg.AssetKey("two"): ["team:data"]},
    )
    result = dg.materialize([one, made])
    spec = made.get_asset_spec(dg.AssetKey("two"))
    return [
        result.asset_value("two"),
        spec.group_name,
        spec.owners,
        sorted(i for i in made.op.ins),
        list(made.op.outs),
    ]


@program
def resources_an_asset_brings_along(dg):
    class Bare:
        value = "bare"

    @dg.asset(resource_defs={"own": Bare(), "text": dg.ResourceDefinition.hardcoded_resource("hard")})
    def one(context):
        return [context.resources.own.value, context.resources.text]

    @dg.asset(required_resource_keys={"given"})
    def two(context):
        return context.resources.given

    @dg.op(required_resource_keys={"given"})
    def three(context):
        return context.resources.given

    context = dg.build_asset_context(resources={"given": "g"})
    return [
        dg.materialize_to_memory([one]).asset_value("one"),
        one(dg.build_asset_context()),
        raised(lambda: one(dg.build_asset_context(resources={"text": "twice"})))[0],
        two(context),
        raised(lambda: two(dg.build_asset_context(resources={"other": 1}))),
        raised(lambda: three(dg.build_op_context(resources={"other": 1}))),
    ]


@program
def attributes_added_to_assets(dg):
    @dg.success_hook
    def told(context):
        pass

    @dg.asset
    def one():
        return 1

    condition = dg.AutomationCondition.eager()
    other = one.with_attributes(
        automation_condition=condition,
        backfill_policy=dg.BackfillPolicy.single_run(),
        hook_defs={told},
        tags_by_key={one.key: {"a": "b"}},
    )
    return [
        other.automation_conditions_by_key[one.key] == condition,
        other.backfill_policy == dg.BackfillPolicy.single_run(),
        [h.name for h in other.hook_defs],
        other.tags_by_key[one.key],
        raised(lambda: other.with_attributes(automation_condition=dg.AutomationCondition.on_cron("@daily"))),
        raised(lambda: other.with_attributes(tags_by_key={one.key: {}}))[0],
    ]


@program
def what_events_say(dg):
    @dg.op(ins={"x": dg.In(int)}, out={"a": dg.Out(str), "b": dg.DynamicOut()})
    def split(x):
        yield dg.Output("a", "a", metadata={"size": 1})
        yield dg.DynamicOutput(x, "one", "b")

    @dg.op
    def number():
        return 1

    @dg.graph
    def inner():
        split(number())

    @dg.job
    def j():
        inner()

    told = []
    for event in j.execute_in_process().all_events:
        if event.is_successful_output:
            data = event.step_output_data
            handle = data.step_output_handle
            told.append([handle.step_key, data.output_name, data.mapping_key, sorted(data.metadata)])
            told.append([data.type_check_data.success, data.type_check_data.label])
        if event.event_type_value == "STEP_INPUT":
            data = event.step_input_data
            told.append([data.input_name, data.type_check_data.success, data.type_check_data.label])
        if event.is_step_success:
            told.append([event.node_name, str(event.node_handle), event.node_handle.parent.name])
            told.append([type(event.event_specific_data).__name__, event.is_hook_event, event.is_failure])
    return told


@program
def what_is_refused_of_assets(dg):
    @dg.io_manager
    def manager():
        pass

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()}, can_subset=True)
    def both():
        return 1, 2

    key = dg.AssetKey("k")

    def taking(channel: dg.ResourceParam[str]):
        pass

    return [
        raised(lambda: dg.asset(required_resource_keys={"other"})(taking))[0],
        raised(lambda: dg.multi_asset(specs=[dg.AssetSpec("a")], required_resource_keys={"x"})(taking))[0],
        raised(lambda: dg.asset(io_manager_key="k", io_manager_def=manager)(lambda: 1))[0],
        raised(lambda: dg.AssetDep(3))[0],
        raised(lambda: dg.AssetDep(both))[0],
        raised(lambda: dg.materialize([both], selection=["a"])),
        raised(lambda: list(key))[0] is not None,
        dg.AssetSpec("a", owners=["team:x"]).owners,
    ]


@program
def what_failed_steps_say(dg):
    class MineError(Exception):
        pass

    @dg.op
    def raises():
        raise MineError("no")

    @dg.op
    def fails():
        raise dg.Failure("on purpose")

    @dg.op(out=dg.Out(int))
    def mistyped():
        return "x"

    @dg.op(retry_policy=dg.RetryPolicy(max_retries=1))
    def again():
        raise MineError("again")

    told = []
    for op in (raises, fails, mistyped, again):
        job = dg.GraphDefinition(f"job_of_{op.name}", node_defs=[op]).to_job()
        for event in job.execute_in_process(raise_on_error=False).all_events:
            if event.is_step_failure or event.is_step_up_for_retry:
                error = event.event_specific_data.error
                cause = error.cause
                told.append([error.cls_name, None if cause is None else [cause.cls_name, cause.message]])
                if event.is_step_failure:
                    told.append(event.step_failure_data.error_source.value)
    return told


@program
def inputs_from_configuration_of_graphs(dg):
    @dg.op
    def add(x: int, y: int):
        return x + y

    @dg.op
    def one():
        return 1

    @dg.graph
    def inner(x, y):
        return add(x, y)

    @dg.graph
    def outer(x):
        return inner(x, one())

    @dg.graph
    def open_inside():
        return inner(y=one())

    def run(graph, config):
        result = graph.execute_in_process(run_config=config)
        return [result.success, [e.step_key for e in result.get_step_success_events()]]

    return [
        run(inner, {"inputs": {"x": 1, "y": {"value": 2}}}),
        run(outer, {"inputs": {"x": 1}}),
        run(open_inside, {"ops": {"inner": {"inputs": {"x": {"value": 5}}}}}),
        outer.execute_in_process(run_config={"inputs": {"x": 4}}).output_for_node("inner.add"),
        raised(lambda: run(outer, {}))[0],
        raised(lambda: run(outer, {"ops": {"inner": {"inputs": {"x": 1}}}}))[0],
        raised(lambda: run(outer, {"inputs": {"x": "a"}}))[0],
    ]


@program
def configuration_of_selected_ops(dg):
    @dg.op
    def start(x: int):
        return x

    @dg.op
    def end(x=1):
        return x

    @dg.op
    def last(a: int, b: int):
        return a + b

    @dg.graph
    def inside():
        return last(start.alias("left")(), start.alias("right")())

    @dg.job
    def j():
        end(start())
        inside()

    both = {"left": {"inputs": {"x": 1}}, "right": {"inputs": {"x": 2}}}

    def run(config, *selection):
        result = j.execute_in_process(run_config={"ops": config}, op_selection=list(selection) or None)
        return sorted(e.step_key for e in result.get_step_success_events())

    part = {"inside": {"ops": {"left": {"inputs": {"x": 1}}, "last": {"inputs": {"b": 5}}}}}
    subset = j.get_subset(op_selection=["inside.left"])
    return [
        run({"start": {"inputs": {"x": 4}}, "inside": {"ops": both}}),
        run({"start": {"inputs": {"x": 4}}}, "end"),
        run({"end": {"inputs": {"x": {"value": 4}}}}, "end"),
        run(part, "inside.left", "inside.last"),
        raised(lambda: run({}, "inside.left"))[0],
        [
            e.step_key
            for e in subset.execute_in_process(
                {"ops": {"inside": {"ops": {"left": {"inputs": {"x": 1}}}}}}, op_selection=["*"]
            ).get_step_success_events()
        ],
    ]


@program
def values_as_text(dg):
    values = [
        dg.AssetKey(["a", "b"]),
        [1, None, "x", 2.5],
        {"a": [1], "b": {"c": None}},
        dg.AssetCheckKey(dg.AssetKey("a"), "c"),
    ]
    texts = [dg.serialize_value(v) for v in values]
    return [
        texts,
        [dg.deserialize_value(t) == v for t, v in zip(texts, values, strict=True)],
        raised(lambda: dg.deserialize_value(texts[1], dg.AssetKey))[0],
        raised(lambda: dg.serialize_value(object()))[0],
    ]


@program
def ops_called_directly(dg):
    @dg.op(out={"a": dg.Out(int), "b": dg.Out(str, is_required=False)})
    def two(values):
        yield from values

    @dg.op(out={"a": dg.Out(int), "b": dg.Out(str)})
    def pair(value):
        return value

    @dg.op
    def number(value) -> int:
        return value

    @dg.op
    def wrapped(value) -> dg.Output[int]:
        return value

    @dg.op
    def pieces(value) -> list[dg.DynamicOutput[int]]:
        return value

    @dg.op(config_schema={"x": int})
    def configured(context):
        return context.op_config["x"]

    @dg.op(config_schema={"x": dg.Field(int, default_value=3)})
    def defaulted(context):
        return context.op_config["x"]

    @dg.op(ins={"one": dg.In(int)})
    def by_name(**kwargs):
        return kwargs["one"]

    out = dg.Output
    context = dg.build_op_context
    parts = [dg.DynamicOutput(1, "a"), dg.DynamicOutput(2, "b")]
    return [
        [o.value for o in two([out(1, "a"), out("x", "b")])],
        raised(lambda: list(two([out("x", "b")]))),
        raised(lambda: list(two([out(1, "a"), out(2, "a")]))),
        raised(lambda: list(two([1]))),
        raised(lambda: list(two([out("x", "a")]))),
        pair((1, "b")),
        raised(lambda: pair((1, "b", 2)))[0],
        raised(lambda: pair(1))[0],
        raised(lambda: number("x")),
        raised(lambda: number(out(1))),
        wrapped(out(4)).value,
        raised(lambda: wrapped(4)),
        [p.value for p in pieces(parts)],
        raised(lambda: pieces(1)),
        raised(lambda: pieces([1])),
        raised(lambda: pieces([dg.DynamicOutput("x", "a")]))[0],
        configured(context(op_config={"x": 2})),
        raised(lambda: configured(None))[0],
        raised(lambda: configured(context()))[0],
        raised(lambda: configured())[0],
        [defaulted(None), defaulted(context())],
        by_name(one=1),
        raised(lambda: by_name(1)),
        [o.is_dynamic for o in pieces.output_defs],
        [o.dagster_type.display_name for o in (*wrapped.output_defs, *pieces.output_defs)],
    ]


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
