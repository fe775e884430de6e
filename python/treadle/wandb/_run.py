"""Run: what `init` returns; logs metrics, media, files and artifacts into the home."""

from __future__ import annotations

import os
import threading
import time

from treadle._typing import TYPE_CHECKING
from treadle.wandb._config import Config
from treadle.wandb._errors import Error, UsageError
from treadle.wandb._metric import Metric
from treadle.wandb._summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from treadle.wandb._artifact import Artifact
    from treadle.wandb._host import Host
    from treadle.wandb._store import Store

_ROWS_AT_ONCE = 1024
_SHOWN_AFTER = 0.3  # seconds until a row can be read by others
_HEARTBEAT = 15.0


class Run:
    """A run at work. Thread-safe. Rows become visible within a second and are all kept when it ends."""

    def __init__(
        self,
        host: Host,
        raw: Mapping[str, Any],
        *,
        resumed: bool,
        folder: str,
        on_finish: Callable[[Run], bool],
    ) -> None:
        import json

        from treadle import _core

        self._host = host
        self._core = host.runs
        self._key: int = raw["key"]
        self._id: str = raw["id"]
        self._entity: str = raw["entity"]
        self._project: str = raw["project"]
        self._name: str = raw["display_name"]
        self._notes: str = raw["notes"]
        self._tags: tuple[str, ...] = tuple(raw["tags"])
        self._group: str = raw["group"]
        self._job_type: str = raw["job_type"]
        self._resumed = resumed
        self._folder = folder
        self._on_finish = on_finish
        self._pid = os.getpid()
        self._config_text: str = raw["config"]
        summary = json.loads(raw["summary"])
        runtime = summary.get("_runtime", 0) if resumed else 0
        self._started = time.time() - (runtime if isinstance(runtime, (int, float)) else 0)
        self._step: int = raw["last_step"] + 1
        self._offset: int = raw["history_lines"]
        self._event_offset: int = raw["event_lines"]
        self._console_offset: int = raw["console_lines"]
        self._row: dict[str, Any] = {}
        self._synced: dict[str, str] = {}  # metrics (or globs) whose rows need a value of another
        self._rows: list[str] = []
        self._lines: list[str] = []
        self._summary_changed = False
        self._ended = False
        self._stopping = False  # was asked to, or ends
        self._exit_code = 0
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._flushed = time.monotonic()
        self._summarizer = _core.Summarizer(raw["summary"], raw["config"])
        self.config = Config(json.loads(raw["config"]), self._config_changed)
        self.summary = Summary(self._summarizer, self._summary_value, self._summary_set)
        self._thread = threading.Thread(target=self._work, name=f"wandb-{self._id}", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"<Run {self.path}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, cls: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish(exit_code=0 if cls is None else 1)

    # --- what it is

    @property
    def id(self) -> str:
        return self._id

    @property
    def entity(self) -> str:
        return self._entity

    @property
    def project(self) -> str:
        return self._project

    def project_name(self) -> str:
        return self._project

    @property
    def path(self) -> str:
        return f"{self._entity}/{self._project}/{self._id}"

    @property
    def url(self) -> str:
        return f"{self._host.url}/{self._entity}/{self._project}/runs/{self._id}"

    def get_url(self) -> str:
        return self.url

    @property
    def project_url(self) -> str:
        return f"{self._host.url}/{self._entity}/{self._project}"

    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name
        self._core.update(self._key, {"display_name": name})

    @property
    def notes(self) -> str:
        return self._notes

    @notes.setter
    def notes(self, notes: str) -> None:
        self._notes = notes
        self._core.update(self._key, {"notes": notes})

    @property
    def tags(self) -> tuple[str, ...]:
        return self._tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._tags = tuple(tags)
        self._core.update(self._key, {"tags": list(tags)})

    @property
    def group(self) -> str:
        return self._group

    @property
    def job_type(self) -> str:
        return self._job_type

    @property
    def resumed(self) -> bool:
        return self._resumed

    @property
    def step(self) -> int:
        """The step that the next `log` without one belongs to."""
        return self._step

    @property
    def starting_step(self) -> int:
        return self._offset if not self._resumed else self._step

    @property
    def start_time(self) -> float:
        return self._started

    @property
    def offline(self) -> bool:
        return False

    @property
    def disabled(self) -> bool:
        return False

    @property
    def sweep_id(self) -> str | None:
        return None

    @property
    def dir(self) -> str:
        """A folder whose files are kept with the run when it ends."""
        os.makedirs(self._folder, exist_ok=True)
        return self._folder

    # --- metrics

    def log(
        self,
        data: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
        sync: bool | None = None,
    ) -> None:
        """Adds values to the row of a step. The row is complete with `commit` (the default without a step),
        or when a later step is logged.
        """
        if not hasattr(data, "keys"):
            raise ValueError("wandb.log must be passed a dictionary")
        if any(not isinstance(key, str) for key in data):
            raise ValueError("Key values passed to `wandb.log` must be strings.")
        from treadle.wandb._history_values import history_value

        with self._lock:
            self._must_run()
            if step is not None:
                if step < self._step:
                    self._warn(
                        f"Tried to log to step {step} that is less than the current step {self._step}."
                        " Steps must be monotonically increasing, so this data will be ignored."
                    )
                    return
                if step > self._step:
                    self._commit()
                    self._step = step
            for key in data:
                self._row[key] = history_value(self, key, data[key], self._step)
            if commit if commit is not None else step is None:
                self._commit()
                self._step += 1

    def _commit(self) -> None:
        """The row is complete."""
        if not self._row:
            return
        import json

        if self._synced:
            self._fill_in_steps()
        now = time.time()
        row = {**self._row, "_timestamp": now, "_runtime": now - self._started, "_step": self._step}
        self._row = {}
        text = json.dumps(row, ensure_ascii=False)
        self._summarizer.add(text)
        self._summary_changed = True
        self._rows.append(text)
        if len(self._rows) >= _ROWS_AT_ONCE or time.monotonic() - self._flushed > _SHOWN_AFTER:
            self._flush()
        elif len(self._rows) == 1:
            self._wake.notify()

    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> Metric:
        """What a metric is plotted over, and what of it goes into the summary: min, max, mean, best, last,
        first, copy or none, several with commas. A name may end with '*'.
        """
        import json

        if isinstance(step_metric, Metric):
            step_metric = step_metric.name
        for argument, value in (("name", name), ("step_metric", step_metric), ("summary", summary)):
            if value is not None and not isinstance(value, str):
                raise Error(f"Unhandled define_metric() arg: {argument}={value!r}")
        wanted = [s.strip().lower() for s in summary.split(",")] if summary else []
        if goal is not None and not goal.lower().startswith(("min", "max")):
            raise Error(f"Unhandled define_metric() arg: goal: {goal}")
        direction = "" if goal is None else "minimize" if goal.lower().startswith("min") else "maximize"
        with self._lock:
            self._must_run()
            if step_metric and "*" not in step_metric and step_metric not in self._defined():
                self._config_text = self._core.with_metric(
                    self._config_text, step_metric, "", True, False, [], ""
                )
            sync = step_sync if step_sync is not None else step_metric is not None
            self._config_text = self._core.with_metric(
                self._config_text, name, step_metric or "", sync, bool(hidden), wanted, direction
            )
            self._summarizer.define(name, step_metric or "", sync, bool(hidden), wanted, direction)
            if sync and step_metric:
                self._synced[name] = step_metric
            own = json.loads(self._config_text)["_wandb"]
            self.config._items["_wandb"] = own
            self._core.update(self._key, {"config_patch": json.dumps({"_wandb": own})})
        return Metric(name, step_metric, step_sync, hidden, tuple(wanted), direction or None)

    def _fill_in_steps(self) -> None:
        """A metric that is plotted over another has the last value of that one in its row."""
        known: dict[str, Any] = {}
        for pattern, step_metric in self._synced.items():
            if step_metric in self._row:
                continue
            fits = pattern[:-1] if pattern.endswith("*") else None
            if any(key == pattern or (fits is not None and key.startswith(fits)) for key in self._row):
                known = known or self.summary._as_dict()
                if step_metric in known:
                    self._row[step_metric] = known[step_metric]

    def _defined(self) -> set[str]:
        import json

        metrics = json.loads(self._config_text).get("_wandb", {}).get("m", [])
        return {str(m.get("1")) for m in metrics if isinstance(m, dict)}

    def _config_changed(self, changed: dict[str, Any]) -> None:
        import json

        with self._lock:
            self._config_text = json.dumps({**json.loads(self._config_text), **changed})
            self._core.update(self._key, {"config_patch": json.dumps(changed)})

    def _summary_value(self, key: str, value: Any) -> Any:
        from treadle.wandb._history_values import history_value

        return history_value(self, key, value, self._step)

    def _summary_set(self) -> None:
        with self._lock:
            self._summary_changed = True
            self._wake.notify()

    # --- files and artifacts

    def save(
        self,
        glob_str: str | os.PathLike[str],
        base_path: str | os.PathLike[str] | None = None,
        policy: str = "live",
    ) -> list[str]:
        """Keeps the files that the pattern matches, named from `base_path` (else the folder of the
        pattern's first wildcard's parent) on.
        """
        from glob import glob

        pattern = os.path.abspath(os.fspath(glob_str))
        base = os.path.abspath(os.fspath(base_path)) if base_path is not None else os.path.dirname(pattern)
        while "*" in base:
            base = os.path.dirname(base)
        saved = []
        for path in sorted(glob(pattern, recursive=True)):
            if not os.path.isfile(path):
                continue
            name = os.path.relpath(path, base)
            if name.startswith(".."):
                raise UsageError(f"save: {path!r} does not lie in base_path {base!r}.")
            self._put(name, path)
            saved.append(path)
        if not saved:
            self._warn(f"save: no file matches {os.fspath(glob_str)!r}.")
        return saved

    def restore(
        self, name: str, run_path: str | None = None, replace: bool = False, root: str | None = None
    ) -> Any:
        """An open copy of a file of this run, or of another: None when it has no such file."""
        from treadle.wandb._api import Api

        run = Api._on(self._host, self._entity, self._project).run(run_path or self.path)
        file = run.file(name)
        return file.download(root or self.dir, replace=replace, exist_ok=True) if file.exists else None

    def _put(self, name: str, content: str | bytes) -> None:
        """Bytes, or the path of a file."""
        self._core.put_file(self._key, name, content)

    def _store(self) -> Store:
        from treadle.wandb._store import Store

        return Store(self._host, self._entity, self._project)

    def log_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Artifact:
        """Makes a version of the artifact (or of a file, folder or URI), made by this run."""

        artifact = self._draft_of(artifact_or_path, name, type)
        given = [aliases] if isinstance(aliases, str) else list(aliases or ())
        artifact._log(self._store(), given, tags or (), self._id)
        return artifact

    def _draft_of(self, given: Any, name: str | None, type: str | None) -> Artifact:
        from treadle.wandb import _sdk
        from treadle.wandb._artifact import Artifact, artifact_of_path

        if isinstance(given, Artifact):
            artifact = given
        elif _sdk.is_artifact(given):
            artifact = _sdk.to_artifact(given)
        else:
            artifact = artifact_of_path(os.fspath(given), name or f"run-{self._id}", type or "unspecified")
        if artifact._record is not None:
            raise UsageError(f"The artifact '{artifact.name}' is logged already: make a new one.")
        return artifact

    def upsert_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Adds to a version that several runs write: those of one group, or that give one `distributed_id`.
        Nobody sees it until `finish_artifact`.
        """
        artifact = self._draft_of(artifact_or_path, name, type)
        self._put_in_draft(artifact, aliases, distributed_id)
        return artifact

    def finish_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Adds to it, and makes it a version with what all writers added."""
        from treadle.wandb._store import Record

        artifact = self._draft_of(artifact_or_path, name, type)
        draft = self._put_in_draft(artifact, aliases, distributed_id)
        store = self._store()
        raw, _ = store.core.commit_draft(draft)
        artifact._is_logged_as(Record(raw), store)
        return artifact

    def _put_in_draft(
        self, artifact: Artifact, aliases: Sequence[str] | None, distributed_id: str | None
    ) -> int:
        from treadle.wandb._store import metadata_text

        shared = distributed_id or self._group
        if not shared:
            raise TypeError("Cannot upsert artifact unless run is in a group or distributed_id is provided")
        store = self._store()
        draft = store.core.open_draft(
            {
                "entity": store.entity,
                "project": store.project,
                "collection": artifact.name,
                "type": artifact.type,
                "description": artifact.description or "",
                "metadata": metadata_text(artifact.name, artifact.metadata),
                "aliases": [a for a in aliases or () if a != "latest"],
                "run_id": self._id,
                "distributed_id": shared,
                **artifact._ready(store)._beside(()),
            }
        )
        store.core.put(draft, list(artifact._entries.values()), artifact._folders)
        return draft

    def link_artifact(
        self, artifact: Artifact, target_path: str, aliases: Sequence[str] | None = None
    ) -> Artifact:
        """Puts a version (logged first, if it is a draft) into a collection of a registry."""
        if artifact._record is None:
            self.log_artifact(artifact)
        return artifact.link(target_path, aliases)

    def link_model(
        self,
        path: str | os.PathLike[str],
        registered_model_name: str,
        name: str | None = None,
        aliases: Sequence[str] | None = None,
    ) -> Artifact:
        """Logs a file or folder as a model and puts it into a registry."""
        artifact = self._draft_of(path, name, "model")
        target = registered_model_name
        if "/" not in target:
            target = f"wandb-registry-model/{target}"
        return self.link_artifact(artifact, target, aliases)

    def use_artifact(
        self,
        artifact_or_name: Artifact | str,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        use_as: str | None = None,
    ) -> Artifact:
        """A version, and that this run used it."""
        from treadle.wandb._api import find_artifact
        from treadle.wandb._artifact import Artifact

        store = self._store()
        if isinstance(artifact_or_name, Artifact):
            artifact = artifact_or_name
            if artifact._record is None:
                self.log_artifact(artifact, aliases=aliases)
        else:
            artifact = find_artifact(store, artifact_or_name)
        if type is not None and artifact.type != type:
            raise ValueError(
                f"Supplied type {type} does not match type {artifact.type} of artifact {artifact.name}"
            )
        store.core.use(artifact.source_qualified_name, self._id)
        return artifact

    def log_model(
        self, path: str | os.PathLike[str], name: str | None = None, aliases: Sequence[str] | None = None
    ) -> None:
        self.log_artifact(path, name or f"run-{self._id}-{os.path.basename(path)}", "model", aliases)

    def use_model(self, name: str) -> str:
        """The path of the downloaded model: a file when it is one, else a folder."""
        artifact = self.use_artifact(name)
        if "model" not in artifact.type.lower():
            raise AssertionError("You can only use this method for 'model' artifacts.")
        files = artifact.files()
        return files[0].download() if len(files) == 1 else artifact.download()

    def log_code(
        self,
        root: str | None = ".",
        name: str | None = None,
        include_fn: Callable[..., bool] | None = None,
        exclude_fn: Callable[..., bool] | None = None,
    ) -> Artifact | None:
        """The code below a folder, as an artifact of the type `code`; None when there is none."""
        from treadle.wandb._code import log_code

        return log_code(self, root, name, include_fn, exclude_fn)

    def _note_own(self, key: str, value: str) -> None:
        """What W&B's own part of the config says of the run."""
        import json

        with self._lock:
            config = json.loads(self._config_text or "{}")
            own = config.setdefault("_wandb", {})
            own[key] = value
            self._config_text = json.dumps(config)
            self.config._items["_wandb"] = own
            self._core.update(self._key, {"config_patch": json.dumps({"_wandb": own})})

    def alert(self, title: str, text: str, level: Any = None, wait_duration: Any = None) -> None:
        """A warning of the run, in the terminal and in its console."""
        self._warn(f"{title}: {text}")

    def mark_preempting(self) -> None:
        self._core.update(self._key, {"state": "preempting"})

    def status(self) -> Any:
        return None

    # --- the end

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Everything is kept when this returns. Others that began the same run may go on with it."""
        if self._ended or not self._on_finish(self):
            with self._lock:
                if not self._ended:
                    self._flush()
            return
        self._end(self._exit_code if exit_code is None else exit_code)

    def _end(self, exit_code: int) -> None:
        from treadle.wandb._host import told

        with self._lock:
            if self._ended:
                return
            self._stopping = True
            self._commit()
            self._flush()
            self._keep_own_files()
            self._ended = True
            self._wake.notify()
            told(
                lambda: self._core.stream(self._key, None, None, None, self._summarizer.summary(), exit_code)
            )
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def _keep_own_files(self) -> None:
        import json
        import shutil
        from contextlib import suppress

        for folder, _, files in os.walk(self._folder):
            for file in files:
                path = os.path.join(folder, file)
                self._put(os.path.relpath(path, self._folder), path)
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError):  # others' files may lie there
            os.rmdir(os.path.dirname(self._folder))
        self._put("wandb-summary.json", self._summarizer.summary().encode())
        wrapped = {k: {"value": v} for k, v in self.config._items.items()}
        self._put("config.yaml", (json.dumps(wrapped, indent=1) + "\n").encode())
        if self._console_offset > 0:
            lines = self._core.console(self._key, 0, 0)
            self._put("output.log", ("\n".join(lines) + "\n").encode())

    def _must_run(self) -> None:
        if self._ended:
            raise UsageError(
                f"Run ({self._id}) is finished. The call will be ignored. Please make sure that you"
                " are using an active run."
            )

    def _flush(self) -> None:
        """Sends what has gathered; the caller holds the lock."""
        rows, lines = self._rows, self._lines
        summary = self._summarizer.summary() if self._summary_changed else None
        if not rows and not lines and summary is None:
            return
        stop = self._core.stream(
            self._key,
            (self._offset, rows) if rows else None,
            None,
            (self._console_offset, lines) if lines else None,
            summary,
            None,
        )
        self._offset += len(rows)
        self._console_offset += len(lines)
        self._rows, self._lines = [], []
        self._summary_changed = False
        self._flushed = time.monotonic()
        self._obey(stop)

    def _obey(self, stop: bool) -> None:
        """Somebody stopped the run: the program is interrupted as by Ctrl-C, once, as the SDK does it."""
        if not stop or self._stopping:
            return
        self._stopping = True
        import signal

        if (main := threading.main_thread().ident) is not None:
            signal.pthread_kill(main, signal.SIGINT)

    def _print(self, line: str) -> None:
        """A line of console output."""
        with self._lock:
            if not self._ended:
                self._lines.append(line)
                self._wake.notify()

    def _warn(self, message: str) -> None:
        import sys

        print(f"wandb: WARNING {message}", file=sys.stderr)

    def _work(self) -> None:
        """What is waiting is shown soon; when nothing comes, the run says that it is alive."""
        import json

        from treadle.wandb._system import Sampler

        sampler = Sampler()
        beat = time.monotonic()
        with self._lock:
            while not self._ended:
                waiting = self._rows or self._lines or self._summary_changed
                self._wake.wait(_SHOWN_AFTER if waiting else _HEARTBEAT)
                if self._ended or os.getpid() != self._pid:
                    return
                try:
                    if time.monotonic() - self._flushed >= _SHOWN_AFTER:
                        self._flush()
                    if time.monotonic() - beat >= _HEARTBEAT:
                        beat = time.monotonic()
                        now = time.time()
                        sample = {"_wandb": True, "_timestamp": now, "_runtime": now - self._started}
                        row = json.dumps({**sample, **sampler.sample()})
                        events = (self._event_offset, [row])
                        stop = self._core.stream(self._key, None, events, None, None, None)
                        self._event_offset += 1
                        self._obey(stop)
                except Exception as error:  # told at the next log, which meets it too
                    self._warn(f"the run {self.path} could not be written: {error}")
                    self._flushed = time.monotonic() + 5
