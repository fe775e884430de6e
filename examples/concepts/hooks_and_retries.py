"""Retries and hooks: a step that fails is tried again, and functions hear how steps end."""

import treadle as dg


@dg.success_hook
def cheer(context: dg.HookContext) -> None:
    print(context.op.name, "succeeded")


@dg.failure_hook
def mourn(context: dg.HookContext) -> None:
    print(context.op.name, "failed:", context.op_exception)


@dg.op(retry_policy=dg.RetryPolicy(max_retries=2))
def flaky(context: dg.OpExecutionContext) -> int:
    if context.retry_number < 2:
        raise ValueError("not yet")
    return context.retry_number


@dg.op
def broken() -> None:
    raise ValueError("never")


@dg.job(hooks={cheer, mourn})
def trying() -> None:
    flaky()
    broken()


if __name__ == "__main__":
    result = trying.execute_in_process(raise_on_error=False)
    print("retries:", result.output_for_node("flaky"))
