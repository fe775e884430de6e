"""init and what goes with it: which run this process (and this thread) is at work on."""

from __future__ import annotations

import os
import sys
import threading

from treadle._run.current import current
from treadle._typing import TYPE_CHECKING
from treadle.wandb._errors import CommError, Error, UsageError
from treadle.wandb._host import told
from treadle.wandb._run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._run.instance import DagsterInstance
    from treadle.wandb._host import Host

_RESUME = {
    None: "",
    False: "",
    True: "allow",
    "allow": "allow",
    "must": "must",
    "never": "never",
    "auto": "allow",
}

_lock = threading.RLock()
# Runs at work by (home or server, entity, project, id), each with the threads that began it.
_active: dict[tuple[str, str, str, str], tuple[Run, set[int]]] = {}
_by_thread: dict[int, Run] = {}
_newest: list[Run] = []


def init(
    entity: str | None = None,
    project: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    id: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
    config: Any = None,
    config_exclude_keys: Sequence[str] | None = None,
    config_include_keys: Sequence[str] | None = None,
    allow_val_change: bool | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    force: bool | None = None,
    anonymous: Any = None,
    reinit: Any = None,
    resume: bool | str | None = None,
    resume_from: str | None = None,
    fork_from: str | None = None,
    save_code: bool | None = None,
    tensorboard: bool | None = None,
    sync_tensorboard: bool | None = None,
    monitor_gym: bool | None = None,
    settings: Any = None,
    instance: DagsterInstance | None = None,
) -> Run:
    """Begins a run, or joins the one of this id. In a step, `init(id=context.run_id, resume="allow")` is the
    run that is executed: entity, project, name and tags are then those of its IO manager.
    """
    if (mode or os.environ.get("WANDB_MODE")) == "disabled":
        from treadle.wandb._disabled import DisabledRun

        return DisabledRun(config)
    if resume not in _RESUME:
        raise UsageError(f"resume must be True, False, 'allow', 'must', 'never' or 'auto', not {resume!r}.")
    if sum(given is not None and given is not False for given in (resume, resume_from, fork_from)) > 1:
        raise UsageError(
            "`fork_from`, `resume`, or `resume_from` are mutually exclusive. Please specify only one."
        )
    context = current.context
    offline = (mode or os.environ.get("WANDB_MODE")) in ("offline", "dryrun")
    host = _host_of("embedded" if offline else None, settings, instance, context)
    id = id or os.environ.get("WANDB_RUN_ID") or ""
    joins = context is not None and id == context.run_id
    place = _place(context)
    entity = entity or place[0] or os.environ.get("WANDB_ENTITY") or host.entity
    project = project or place[1] or os.environ.get("WANDB_PROJECT") or host.project or "uncategorized"
    mode_of_resume = _RESUME[resume] or os.environ.get("WANDB_RESUME", "")
    at: tuple[str, str, str, str] = (host.place, entity, project, id)
    with _lock:
        known = _active.get(at) if id else None
        if known is not None and not known[0]._ended:
            run, threads = known
            threads.add(threading.get_ident())
            _set_current(run)
            if config is not None:
                run.config.update(_chosen(config, config_include_keys, config_exclude_keys), True)
            return run
        changes = _changes(
            context if joins else None,
            name,
            notes,
            tags,
            group,
            job_type,
            _chosen(config, config_include_keys, config_exclude_keys),
            id,
        )
        run = _begin(host, entity, project, id, mode_of_resume, resume_from, fork_from, changes, dir)
        _active[(at[0], run.entity, run.project, run.id)] = (run, {threading.get_ident()})
        _set_current(run)
    _save_code(run, save_code, settings)
    if context is not None:
        current.at_end = end_of_step
    else:
        _watch_process()
        from treadle.wandb import _console

        _console.begin(run)
    return run


def _setting(settings: Any, name: str) -> Any:
    return settings.get(name) if hasattr(settings, "get") else getattr(settings, name, None)


def _save_code(run: Run, save_code: bool | None, settings: Any) -> None:
    from treadle.wandb import _code

    asked = save_code if save_code is not None else _setting(settings, "save_code")
    if run.resumed or not _code.is_wanted(asked):
        return
    _code.save_program(run)
    folder = _setting(settings, "code_dir") or os.environ.get("WANDB_CODE_DIR")
    if folder:
        run.log_code(folder)


def _host_of(named: str | None, settings: Any, instance: DagsterInstance | None, context: Any) -> Host:
    """Where the run goes: what is said here, then what the environment says, then the home."""
    from treadle.wandb import _host

    if named is None and settings is not None:
        named = _setting(settings, "base_url")
    if instance is not None and not named:
        return _host.Host(instance)
    key = _setting(settings, "api_key") if settings is not None else None
    return _host.find(named, key, context.instance if context is not None else None)


def _begin(
    host: Host,
    entity: str,
    project: str,
    id: str,
    resume: str,
    resume_from: str | None,
    fork_from: str | None,
    changes: dict[str, Any],
    dir: str | os.PathLike[str] | None,
) -> Run:
    core = host.runs

    def begin() -> Any:
        nonlocal id, resume
        if resume_from is not None:
            id, step = _moment(resume_from, "resume_from")
            found = core.find(entity, project, id)
            if found is None:
                raise UsageError(f"resume_from: there is no run {entity}/{project}/{id}.")
            core.rewind(found["key"], step)
            resume = "must"
        elif fork_from is not None:
            source, step = _moment(fork_from, "fork_from")
            found = core.find(entity, project, source)
            if found is None:
                raise UsageError(f"fork_from: there is no run {entity}/{project}/{source}.")
            id, resume = core.fork(found["key"], step, id)["id"], "allow"
        return core.start(entity, project, id, resume, changes)

    raw, inserted = told(begin)
    folder = os.path.join(
        os.fspath(dir) if dir is not None else host.folder, "wandb", f"run-{raw['id']}", "files"
    )
    resumed = not inserted and fork_from is None
    run = Run(host, raw, resumed=resumed, folder=folder, on_finish=_leave)
    if not resumed:
        import json

        from treadle.wandb._system import metadata

        run._put("wandb-metadata.json", json.dumps(metadata(run._started), indent=1).encode())
    return run


def _changes(
    context: Any,
    name: str | None,
    notes: str | None,
    tags: Sequence[str] | None,
    group: str | None,
    job_type: str | None,
    config: dict[str, Any],
    id: str,
) -> dict[str, Any]:
    import json
    import platform
    import socket

    from treadle.wandb import _system

    remote, commit = _system.git()
    own = {"_wandb": {"t": {"4": platform.python_version(), "13": f"{sys.platform}-{platform.machine()}"}}}
    changes: dict[str, Any] = {
        "display_name": name or os.environ.get("WANDB_NAME"),
        "notes": notes,
        "add_tags": list(tags or ()),
        "group": group or os.environ.get("WANDB_RUN_GROUP"),
        "job_type": job_type or os.environ.get("WANDB_JOB_TYPE"),
        "host": socket.gethostname(),
        "program": _system.program_name(),
        "repository": remote or None,
        "commit": commit or None,
        "config_patch": json.dumps({**own, **config}),
    }
    if context is not None:
        changes["display_name"] = changes["display_name"] or f"dagster-run-{id[:8]}"
        changes["add_tags"] = [*changes["add_tags"], "dagster_wandb"]
    return changes


def _chosen(config: Any, include: Sequence[str] | None, exclude: Sequence[str] | None) -> dict[str, Any]:
    from treadle.wandb._config import config_values

    if include and exclude:
        raise UsageError("Expected at most only one of config_exclude_keys or config_include_keys")
    given = config_values(config)
    return {k: v for k, v in given.items() if k not in (exclude or ()) and (not include or k in include)}


def _moment(text: str, what: str) -> tuple[str, int]:
    """("run id", step) of "id?_step=12"."""
    id, _, step = text.partition("?_step=")
    if not id or not step.isdigit():
        raise UsageError(f'{what} must be "<run id>?_step=<number>", not {text!r}.')
    return id, int(step)


def _place(context: Any) -> tuple[str, str]:
    """Entity and project that the executed run uses."""
    if context is None:
        return "", ""
    from treadle.wandb import _places

    config: Any = None
    try:
        config = current.step.resource("wandb_config").value if current.step is not None else None
    except Exception:  # no such resource, or the step does not need it
        config = None
    if isinstance(config, dict):
        return config.get("entity") or "", config.get("project") or ""
    return _places.of(context.run_id) or ("", "")


def _set_current(run: Run) -> None:
    _by_thread[threading.get_ident()] = run
    if run in _newest:
        _newest.remove(run)
    _newest.append(run)


def current_run() -> Run | None:
    """The run of this thread, else the one begun last."""
    run = _by_thread.get(threading.get_ident())
    if run is not None and not run._ended:
        return run
    while _newest and _newest[-1]._ended:
        _newest.pop()
    return _newest[-1] if _newest else None


def need_run(what: str) -> Run:
    run = current_run()
    if run is None:
        raise Error(f"You must call wandb.init() before {what}")
    return run


def _leave(run: Run) -> bool:
    """Whether this was the last thread at work on the run."""
    with _lock:
        at = (run._host.place, run.entity, run.project, run.id)
        known = _active.get(at)
        _by_thread.pop(threading.get_ident(), None)
        if known is None or known[0] is not run:
            return True
        known[1].discard(threading.get_ident())
        others = {t.ident for t in threading.enumerate()}
        if known[1] & {t for t in others if t is not None}:
            return False
        del _active[at]
        from treadle.wandb import _console

        _console.end(run)
        return True


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """Ends the run of this thread; without one, nothing."""
    run = current_run()
    if run is not None:
        run.finish(exit_code, quiet)


def end_of_step(failed: bool) -> None:
    """A step is over: what it began and did not finish is finished. A server that is away does not fail the
    step: what it has not taken is kept, and the warning says where.
    """
    run = _by_thread.get(threading.get_ident())
    if run is not None:
        try:
            run.finish(1 if failed else 0)
        except CommError as error:
            run._warn(str(error))


def log(
    data: Mapping[str, Any], step: int | None = None, commit: bool | None = None, sync: bool | None = None
) -> None:
    need_run("wandb.log()").log(data, step, commit)


def login(
    anonymous: Any = None,
    key: str | None = None,
    relogin: bool | None = None,
    host: str | None = None,
    force: bool | None = None,
    timeout: int | None = None,
    verify: bool = False,
    referrer: str | None = None,
) -> bool:
    """Names the server and the key of this process; with `verify` the server is asked whether it knows the
    key. True: a home needs no key.
    """
    from treadle.wandb import _host

    if host:
        os.environ["WANDB_BASE_URL"] = host
    if key:
        os.environ["WANDB_API_KEY"] = key
    found = _host.find()
    if verify and found.server is not None:
        told(found.server.default_entity)
    return True


def setup(*args: Any, **kwargs: Any) -> None:
    """Nothing is to be set up."""


def teardown(exit_code: int | None = None) -> None:
    _finish_all(exit_code or 0)


def _finish_all(exit_code: int) -> None:
    failed: Exception | None = None
    for run, _ in list(_active.values()):
        try:
            if run._pid == os.getpid():
                run._end(exit_code)
        except Exception as error:  # the others are finished all the same
            failed = error
    _active.clear()
    if failed is not None:
        raise failed


_watching = False


def _watch_process() -> None:
    """Runs that nobody finished end with the process, as failed when an exception ended it."""
    global _watching
    if _watching:
        return
    _watching = True
    import atexit

    said = [0]
    before = sys.excepthook

    def failed(cls: Any, error: Any, trace: Any) -> None:
        said[0] = 255 if issubclass(cls, KeyboardInterrupt) else 1
        before(cls, error, trace)

    sys.excepthook = failed
    atexit.register(lambda: _finish_all(said[0]))


def _in_child() -> None:
    """A forked process goes on with none of its parent's runs."""
    global _lock
    _lock = threading.RLock()
    for run, _ in _active.values():
        run._ended = True
    _active.clear()
    _by_thread.clear()
    _newest.clear()


os.register_at_fork(after_in_child=_in_child)
