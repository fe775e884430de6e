"""A sensor that writes a letter about each run that fails: `make_email_on_run_failure_sensor`."""

from __future__ import annotations

from treadle._automation.run_sensors import run_failure_sensor
from treadle._automation.sensors import DefaultSensorStatus
from treadle._errors import DagsterInvalidDefinitionError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from treadle._automation.run_sensors import RunFailureSensorContext, RunStatusSensorDefinition


def _body(context: RunFailureSensorContext) -> str:
    run = context.dagster_run
    error = context.failure_event.message
    return f"Job {run.job_name} failed!<br>Run ID: {run.run_id}<br>Mode: default<br>Error: {error}"


def _subject(context: RunFailureSensorContext) -> str:
    return f"Dagster Run Failed: {context.dagster_run.job_name}"


# The port of each way to speak to the server.
_PORTS = {"SSL": 465, "STARTTLS": 587}


def make_email_on_run_failure_sensor(
    email_from: str,
    email_password: str,
    email_to: Sequence[str],
    email_body_fn: Callable[[RunFailureSensorContext], str] = _body,
    email_subject_fn: Callable[[RunFailureSensorContext], str] = _subject,
    smtp_host: str = "smtp.gmail.com",
    smtp_type: str = "SSL",
    smtp_port: int | None = None,
    smtp_user: str | None = None,
    name: str | None = None,
    webserver_base_url: str | None = None,
    monitored_jobs: Sequence[Any] | None = None,
    job_selection: Sequence[Any] | None = None,
    monitor_all_code_locations: bool = False,
    default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
    monitor_all_repositories: bool = False,
) -> RunStatusSensorDefinition:
    """A sensor that sends a letter by SMTP for each run that fails; `smtp_type` is "SSL" or "STARTTLS"."""

    @run_failure_sensor(
        name=name,
        monitored_jobs=monitored_jobs or job_selection,
        default_status=default_status,
        monitor_all_code_locations=monitor_all_code_locations or monitor_all_repositories,
    )
    def email_on_run_failure(context: RunFailureSensorContext) -> None:
        if smtp_type not in _PORTS:
            raise DagsterInvalidDefinitionError(f'smtp_type "{smtp_type}" is not supported.')
        body = email_body_fn(context)
        if webserver_base_url:
            link = f"{webserver_base_url}/runs/{context.dagster_run.run_id}"
            body += f'<p><a href="{link}">View in the Dagster UI</a></p>'
        _send(
            email_from,
            email_password,
            email_to,
            email_subject_fn(context),
            body,
            (smtp_host, smtp_port or _PORTS[smtp_type], smtp_type, smtp_user or email_from),
        )

    declared: RunStatusSensorDefinition = email_on_run_failure
    return declared


def _send(
    sender: str,
    password: str,
    to: Sequence[str],
    subject: str,
    body: str,
    server: tuple[str, int, str, str],
) -> None:
    """`server`: host, port, how to speak to it, and as whom."""
    import smtplib
    import ssl
    from email.message import EmailMessage

    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, ",".join(to), subject
    letter.set_content(body, subtype="html")
    host, port, kind, user = server
    context = ssl.create_default_context()
    if kind == "SSL":
        with smtplib.SMTP_SSL(host, port, context=context) as by_ssl:
            by_ssl.login(user, password)
            by_ssl.sendmail(sender, list(to), letter.as_string())
        return
    with smtplib.SMTP(host, port) as plain:
        plain.starttls(context=context)
        plain.login(user, password)
        plain.sendmail(sender, list(to), letter.as_string())
