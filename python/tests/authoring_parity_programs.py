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


if __name__ == "__main__":
    main(PROGRAMS, sys.argv[1])
