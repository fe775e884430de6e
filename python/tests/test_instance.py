"""Homes, what can be read from them, and log lines."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from pathlib import Path

import pytest

import treadle as dg


@dg.asset
def number() -> int:
    return 7


def test_a_home_keeps_runs_and_values_between_openings(tmp_path: Path) -> None:
    result = dg.materialize([number], instance=dg.DagsterInstance.local_temp(str(tmp_path)), tags={"k": "v"})
    again = dg.DagsterInstance.local_temp(str(tmp_path))
    run = again.get_run_by_id(result.run_id)
    assert run is not None
    assert run.is_success
    assert run.tags["k"] == "v"
    assert again.get_runs(dg.RunsFilter(tags={"k": "v"}))[0].run_id == result.run_id
    assert again.get_runs(dg.RunsFilter(tags={"k": "w"})) == []
    assert again.has_asset_key(number.key)
    assert again.load_asset_value("number") == 7
    event = again.get_latest_materialization_event(number.key)
    assert event is not None
    assert event.run_id == result.run_id
    assert event.asset_materialization is not None
    assert event.asset_materialization.asset_key == number.key
    assert again.get_run_by_id("no-such-run") is None


def test_the_home_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREADLE_HOME", str(tmp_path / "here"))
    assert dg.DagsterInstance.get().root_directory == str(tmp_path / "here")


def test_an_ephemeral_home_goes_with_its_last_holder() -> None:
    result = dg.materialize([number])
    folder = Path(result._instance.root_directory)
    assert folder.is_dir()
    assert result.asset_value("number") == 7
    del result
    assert not folder.exists()


def test_facts_can_be_recorded_by_hand(tmp_path: Path) -> None:
    instance = dg.DagsterInstance.local_temp(str(tmp_path))
    instance.report_runless_asset_event(dg.AssetMaterialization("outside", metadata={"rows": 3}))
    event = instance.get_latest_materialization_event(dg.AssetKey("outside"))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata == {"rows": dg.MetadataValue.int(3)}


def test_provenance_tells_what_an_asset_was_made_from() -> None:
    @dg.asset(code_version="3")
    def double(number: int) -> int:
        return number * 2

    instance = dg.DagsterInstance.ephemeral()
    dg.materialize([number, double], instance=instance)
    provenance = instance.get_asset_provenance(double.key)
    assert provenance is not None
    assert provenance.code_version == "3"
    assert provenance.input_data_versions == {number.key: instance.get_latest_data_version(number.key)}


def log_lines(result: dg.ExecuteInProcessResult, instance: dg.DagsterInstance) -> list[tuple[int, str]]:
    entries = instance.all_logs(result.run_id)
    return [(e.level, e.user_message) for e in entries if not e.is_dagster_event]


def test_log_lines_are_in_the_record_at_their_level() -> None:
    @dg.asset
    def talks(context: dg.AssetExecutionContext) -> None:
        context.log.debug("d")
        context.log.info("i %s %d", "x", 1)
        context.log.warning("100%")
        context.log.log("ERROR", "e")
        dg.get_dagster_logger().critical("c")
        dg.get_dagster_logger("mine").info("named")
        try:
            raise ValueError("inner")
        except ValueError:
            context.log.exception("caught")

    instance = dg.DagsterInstance.ephemeral()
    lines = log_lines(dg.materialize([talks], instance=instance), instance)
    assert lines[:-1] == [
        (10, "d"),
        (20, "i x 1"),
        (30, "100%"),
        (40, "e"),
        (50, "c"),
        (20, "named"),
    ]
    assert lines[-1][0] == 40
    assert lines[-1][1].startswith("caught\nTraceback")
    assert "ValueError: inner" in lines[-1][1]


def test_dagster_loggers_outside_of_a_step_write_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    dg.get_dagster_logger().info("hello")
    assert capsys.readouterr().err == "hello\n"
    assert isinstance(dg.get_dagster_logger(), logging.Logger)


def test_printed_text_is_shown_and_captured(capsys: pytest.CaptureFixture[str]) -> None:
    @dg.asset
    def prints() -> None:
        print("grün")

    @dg.asset
    def silent() -> None: ...

    instance = dg.DagsterInstance.ephemeral()
    result = dg.materialize([prints, silent], instance=instance)
    assert capsys.readouterr().out == "grün\n"
    captured = [e for e in result.all_events if e.event_type is dg.DagsterEventType.LOGS_CAPTURED]
    assert [e.step_key for e in captured] == ["prints"]
    assert Path(captured[0].payload["stdout"]).read_text(encoding="utf-8") == "grün\n"
    assert "stderr" not in captured[0].payload


def test_errors_of_the_home_say_what_kind_they_are(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(dg.TreadleError) as e:
        dg.DagsterInstance.local_temp(str(file))
    assert str(file) in str(e.value)
    with pytest.raises(dg.TreadleError) as e:
        dg.DagsterInstance.ephemeral().load_asset_value("nothing")
    assert e.value.code == "not_found"


def test_runs_may_nest_and_each_captures_into_its_own_home(capsys: pytest.CaptureFixture[str]) -> None:
    inner_home, outer_home = dg.DagsterInstance.ephemeral(), dg.DagsterInstance.ephemeral()

    @dg.asset
    def inner() -> int:
        print("inner")
        return 5

    @dg.asset
    def outer() -> int:
        print("before")
        result = dg.materialize([inner], instance=inner_home)
        print("after")
        return int(result.output_for_node("inner"))

    assert dg.materialize([outer], instance=outer_home).output_for_node("outer") == 5
    assert capsys.readouterr().out == "before\ninner\nafter\n"
    for home, text in ((inner_home, "inner\n"), (outer_home, "before\nafter\n")):
        [file] = Path(home.root_directory, "logs").glob("*/*.out")
        assert file.read_text() == text


def test_threads_may_run_at_the_same_time() -> None:
    results = []

    def run() -> None:
        results.append(dg.materialize([number]).output_for_node("number"))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [7] * 6


def test_a_result_does_not_outlive_its_values() -> None:
    class Big:
        pass

    made: list[weakref.ref[Big]] = []

    @dg.asset
    def big() -> Big:
        value = Big()
        made.append(weakref.ref(value))
        return value

    result = dg.materialize_to_memory([big])
    assert made[0]() is result.output_for_node("big")
    del result
    gc.collect()
    assert made[0]() is None
