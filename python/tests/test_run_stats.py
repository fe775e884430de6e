"""What the instance counts of a run, and of each of its steps."""

from __future__ import annotations

import pytest

import treadle as dg


def test_runs_and_steps_are_counted() -> None:
    @dg.op(retry_policy=dg.RetryPolicy(max_retries=1))
    def fails() -> None:
        raise dg.Failure("out of paper", metadata={"tray": 2})

    @dg.op
    def works() -> int:
        return 1

    @dg.job
    def j() -> None:
        works()
        fails()

    with dg.instance_for_test() as instance:
        result = j.execute_in_process(instance=instance, raise_on_error=False)
        stats = instance.get_run_stats(result.run_id)
        assert (stats.steps_succeeded, stats.steps_failed, stats.materializations) == (1, 1, 0)
        assert stats.start_time is not None
        assert stats.end_time is not None
        assert stats.start_time <= stats.end_time
        steps = {s.step_key: s for s in instance.get_run_step_stats(result.run_id)}
        assert {k: (s.status and s.status.value, s.attempts) for k, s in steps.items()} == {
            "works": ("SUCCESS", 1),
            "fails": ("FAILURE", 2),
        }
        assert [s.step_key for s in instance.get_run_step_stats(result.run_id, ["works"])] == ["works"]
        data = result.failure_data_for_node("fails").user_failure_data
        assert (data.label, data.description) == ("intentional-failure", "out of paper")
        assert data.metadata["tray"].value == 2


def test_a_context_that_belongs_to_no_call_yet_says_so() -> None:
    context = dg.build_asset_context()
    for name in ("asset_key", "selected_asset_keys", "assets_def"):
        with pytest.raises(dg.DagsterInvalidPropertyError):
            getattr(context, name)
