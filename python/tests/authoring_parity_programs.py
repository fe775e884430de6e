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
    return [
        raised(lambda: dg.asset(io_manager_key="k", io_manager_def=manager)(lambda: 1))[0],
        raised(lambda: dg.AssetDep(3))[0],
        raised(lambda: dg.AssetDep(both))[0],
        raised(lambda: dg.materialize([both], selection=["a"])),
        raised(lambda: list(key))[0] is not None,
        dg.AssetSpec("a", owners=["team:x"]).owners,
    ]


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
