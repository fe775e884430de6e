"""Runs as read back: Api().run(path), Api().runs(path, filters)."""

from __future__ import annotations

import os

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from treadle.wandb._artifact import Artifact
    from treadle.wandb._host import Host


class PublicRun:
    """One run. What it is is read when it is opened; `load` reads it again."""

    def __init__(self, host: Host, raw: Mapping[str, Any]) -> None:
        self._host = host
        self._core = host.runs
        self._take(raw)

    def _take(self, raw: Mapping[str, Any]) -> None:
        import json

        self._key: int = raw["key"]
        self.entity: str = raw["entity"]
        self.project: str = raw["project"]
        self.id: str = raw["id"]
        self.name: str = raw["display_name"]
        self.notes: str = raw["notes"]
        self.tags: list[str] = list(raw["tags"])
        self.group: str = raw["group"]
        self.job_type: str = raw["job_type"]
        self.state: str = raw["state"]
        self.exitcode: int | None = raw["exit_code"]
        self.commit: str = raw["commit"]
        config: dict[str, Any] = json.loads(raw["config"])
        self.rawconfig = config
        self.config: dict[str, Any] = {k: v for k, v in config.items() if not k.startswith("_")}
        self.summary = PublicSummary(self, json.loads(raw["summary"]))
        self.system_metrics: dict[str, Any] = json.loads(raw["system_metrics"])
        self.lastHistoryStep: int = raw["last_step"]
        self._created: int = raw["created"]
        self._heartbeat: int = raw["heartbeat"]

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self.state})>"

    def load(self, force: bool = False) -> PublicRun:
        self._take(self._core.get(self._key))
        return self

    @property
    def display_name(self) -> str:
        return self.name

    @property
    def path(self) -> list[str]:
        return [self.entity, self.project, self.id]

    @property
    def url(self) -> str:
        return f"{self._host.url}/{self.entity}/{self.project}/runs/{self.id}"

    @property
    def created_at(self) -> str:
        return _time(self._created)

    @property
    def heartbeat_at(self) -> str:
        return _time(self._heartbeat)

    @property
    def summary_metrics(self) -> dict[str, Any]:
        return dict(self.summary)

    @property
    def metadata(self) -> dict[str, Any] | None:
        import json

        file = self.file("wandb-metadata.json")
        return json.loads(file.read()) if file.exists else None

    @property
    def history_keys(self) -> dict[str, Any]:
        import json

        found: dict[str, Any] = json.loads(self._core.keys_info(self._key))
        return found

    # --- metrics

    def history(
        self,
        samples: int = 500,
        keys: Sequence[str] | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
        stream: str = "default",
    ) -> Any:
        """About `samples` rows, evenly spaced; with `keys` only rows that have all of them. A DataFrame where
        pandas is installed, else (or without `pandas`) a list of dictionaries.
        """
        import json

        wanted = [x_axis, *(k for k in keys if k != x_axis)] if keys else []
        which = "events" if stream in ("system", "events") else "history"
        rows = [json.loads(r) for r in self._core.sampled(self._key, which, wanted, samples)]
        if not pandas:
            return rows
        try:
            from importlib import import_module

            frames = import_module("pandas")
        except ImportError:
            return rows
        return frames.DataFrame.from_records([_flat(r) for r in rows])

    def scan_history(
        self,
        keys: Sequence[str] | None = None,
        page_size: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Every row, in order; with `keys` only rows that have all of them. `max_step` is not included."""
        import json

        step = min_step or 0
        end = -1 if max_step is None else max_step
        wanted = list(keys or ())
        last = self._core.get(self._key)["last_step"]
        while step <= last and (end < 0 or step < end):
            until = step + page_size if end < 0 else min(step + page_size, end)
            for text in self._core.rows(self._key, "history", wanted, step, until, 0):
                yield json.loads(text)
            step = until

    def console(self, first: int = 0, count: int = 0) -> list[str]:
        """What it printed: `count` lines (0 = all) from a line on; from the end when `first` is negative."""
        return list(self._core.console(self._key, first, count))

    # --- files and artifacts

    def files(
        self, names: Sequence[str] | None = None, per_page: int = 50, pattern: str | None = None
    ) -> list[File]:
        """In order of name; `pattern` is SQL's LIKE."""
        found = [File(self, *raw[:5]) for raw in self._core.files(self._key, pattern or "")]
        return [f for f in found if names is None or f.name in names]

    def file(self, name: str) -> File:
        for file in self.files([name]):
            return file
        return File(self, name, "0", 0, "", 0)

    def upload_file(self, path: str, root: str = ".") -> File:
        name = os.path.relpath(path, root)
        return File(self, *self._core.put_file(self._key, name, os.path.abspath(path))[:5])

    def logged_artifacts(self, per_page: int = 100) -> list[Artifact]:
        return self._artifacts(self._core.made_by(self._key))

    def used_artifacts(self, per_page: int = 100) -> list[Artifact]:
        return self._artifacts(self._core.used_by(self._key))

    def _artifacts(self, names: Sequence[str]) -> list[Artifact]:
        from treadle.wandb._api import open_artifact
        from treadle.wandb._store import Store

        store = Store(self._host, self.entity, self.project)
        return [open_artifact(store, store.get(name)) for name in names]

    # --- changing it

    def update(self) -> None:
        """Writes config, name, notes, tags and group as they are now."""
        import json

        own = {k: v for k, v in self.rawconfig.items() if k.startswith("_")}
        self._core.update(
            self._key,
            {
                "config": json.dumps({**own, **self.config}),
                "display_name": self.name,
                "notes": self.notes,
                "tags": list(self.tags),
                "group": self.group,
                "job_type": self.job_type,
            },
        )

    save = update

    def delete(self, delete_artifacts: bool = False) -> None:
        if delete_artifacts:
            raise ValueError("Artifacts are deleted one by one: `treadle artifact delete`.")
        self._core.remove(self._key)

    def wait_until_finished(self) -> None:
        import time

        while self.load().state in ("pending", "running", "preempting"):
            time.sleep(0.2)


class PublicSummary(dict[str, "Any"]):
    """A run's summary; `update` writes to the run."""

    def __init__(self, run: PublicRun, items: dict[str, Any]) -> None:
        super().__init__(items)
        self._run = run

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def update(self, *args: Any, **more: Any) -> None:
        import json

        from treadle.wandb._plain import plain

        given = plain(dict(*args, **more))
        super().update(given)
        self._run._core.update(self._run._key, {"summary_patch": json.dumps(given)})


class File:
    """A file of a run."""

    def __init__(self, run: PublicRun, name: str, md5: str, size: int, mimetype: str, updated: int) -> None:
        self._run = run
        self.name = name
        self.md5 = md5
        self.size = size
        self.mimetype = mimetype
        self.updated_at = _time(updated)

    def __repr__(self) -> str:
        return f"<File {self.name} ({self.mimetype}) {self.size} bytes>"

    @property
    def exists(self) -> bool:
        return self.md5 != "0"

    def read(self) -> bytes:
        return self._run._core.read_file(self._run._key, self.name)

    def download(self, root: str = ".", replace: bool = False, exist_ok: bool = False) -> Any:
        """An open copy below `root`."""
        path = os.path.join(root, self.name)
        if os.path.exists(path) and not replace:
            if not exist_ok:
                raise ValueError(
                    f"File already exists, pass replace=True to overwrite or exist_ok=True to keep it: {path}"
                )
        else:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            self._run._core.copy_file(self._run._key, self.name, path)
        return open(path)

    def delete(self) -> None:
        self._run._core.remove_file(self._run._key, self.name)


class Runs:
    """Runs of a project that match, read as they are looked at."""

    def __init__(
        self, host: Host, entity: str, project: str, filters: str, order: str, per_page: int
    ) -> None:
        self._host = host
        self._core = host.runs
        self._query = (entity, project, filters, order)
        self._per_page = max(per_page, 1)
        self._found: list[PublicRun] = []
        self._total = -1
        self._more = True

    def _load(self) -> bool:
        if not self._more:
            return False
        after = self._found[-1]._key if self._found else 0
        raw, self._total, self._more = self._core.runs(*self._query, self._per_page, after)
        self._found += [PublicRun(self._host, r) for r in raw]
        return bool(raw)

    def __len__(self) -> int:
        if self._total < 0:
            self._load()
        return self._total

    def __iter__(self) -> Iterator[PublicRun]:
        at = 0
        while at < len(self._found) or self._load():
            yield self._found[at]
            at += 1

    def __getitem__(self, index: Any) -> Any:
        wanted = index.stop if isinstance(index, slice) else index + 1
        while (wanted is None or wanted <= 0 or len(self._found) < wanted) and self._load():
            pass
        return self._found[index]

    def histories(
        self, samples: int = 500, keys: list[str] | None = None, x_axis: str = "_step"
    ) -> list[dict[str, Any]]:
        """The sampled histories of all, each row with its run's id."""
        return [
            {**row, "run_id": run.id}
            for run in self
            for row in run.history(samples, keys, x_axis, pandas=False)
        ]


class PublicProject:
    def __init__(self, entity: str, name: str) -> None:
        self.entity = entity
        self.name = name

    @property
    def path(self) -> list[str]:
        return [self.entity, self.name]

    def __repr__(self) -> str:
        return f"<Project {self.entity}/{self.name}>"


def _time(micros: int) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(micros / 1_000_000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _flat(row: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Nested values under names with dots."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict) and "_type" not in value:
            found.update(_flat(value, f"{before}{key}."))
        else:
            found[before + key] = value
    return found
