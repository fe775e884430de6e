"""Letters about failed runs."""

from __future__ import annotations

import smtplib
from typing import Any

import pytest

import treadle as dg

LETTERS: list[dict[str, Any]] = []


class Server:
    """Takes letters as an SMTP server does."""

    def __init__(self, host: str, port: int, context: object = None) -> None:
        LETTERS.append({"kind": type(self).__name__, "host": host, "port": port})

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None: ...

    def starttls(self, context: object) -> None:
        LETTERS[-1]["tls"] = True

    def login(self, user: str, password: str) -> None:
        LETTERS[-1]["login"] = (user, password)

    def sendmail(self, sender: str, to: list[str], text: str) -> None:
        LETTERS[-1].update(sender=sender, to=to, text=text)


class SslServer(Server): ...


@pytest.fixture(autouse=True)
def _servers(monkeypatch: pytest.MonkeyPatch) -> None:
    LETTERS.clear()
    monkeypatch.setattr(smtplib, "SMTP", Server)
    monkeypatch.setattr(smtplib, "SMTP_SSL", SslServer)


def failed() -> Any:
    @dg.op
    def fails() -> None:
        raise ValueError("no")

    @dg.job
    def nightly() -> None:
        fails()

    instance = dg.DagsterInstance.ephemeral()
    result = nightly.execute_in_process(instance=instance, raise_on_error=False)
    return dg.build_run_status_sensor_context(
        sensor_name="email_on_run_failure",
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        dagster_event=result.get_run_failure_event(),
    ).for_run_failure()


def test_a_letter_says_which_run_failed_and_where_to_look() -> None:
    sensor = dg.make_email_on_run_failure_sensor(
        "me@example.com", "secret", ["you@example.com", "all@example.com"], webserver_base_url="http://ui"
    )
    assert sensor.name == "email_on_run_failure"
    context = failed()
    sensor(context)
    [letter] = LETTERS
    assert (letter["kind"], letter["host"], letter["port"]) == ("SslServer", "smtp.gmail.com", 465)
    assert letter["login"] == ("me@example.com", "secret")
    assert letter["to"] == ["you@example.com", "all@example.com"]
    assert "Subject: Dagster Run Failed: nightly" in letter["text"]
    assert "Job nightly failed!" in letter["text"]
    assert f"http://ui/runs/{context.dagster_run.run_id}" in letter["text"]


def test_the_letter_and_the_server_are_chosen() -> None:
    sensor = dg.make_email_on_run_failure_sensor(
        "me@example.com",
        "secret",
        ["you@example.com"],
        email_body_fn=lambda context: f"<b>{context.dagster_run.job_name}</b>",
        email_subject_fn=lambda _: "Alert",
        smtp_host="mail",
        smtp_type="STARTTLS",
        smtp_user="user",
        name="letters",
    )
    sensor(failed())
    [letter] = LETTERS
    assert (letter["kind"], letter["host"], letter["port"], letter["tls"]) == ("Server", "mail", 587, True)
    assert letter["login"] == ("user", "secret")
    assert "Subject: Alert" in letter["text"]
    assert "<b>nightly</b>" in letter["text"]


def test_another_way_to_speak_to_a_server_is_refused() -> None:
    sensor = dg.make_email_on_run_failure_sensor("me@example.com", "secret", [], smtp_type="PLAIN")
    with pytest.raises(dg.DagsterInvalidDefinitionError, match='smtp_type "PLAIN" is not supported'):
        sensor(failed())
    assert not LETTERS


def test_the_tag_of_a_runs_time_limit_has_its_name() -> None:
    assert dg.MAX_RUNTIME_SECONDS_TAG == "dagster/max_runtime"
