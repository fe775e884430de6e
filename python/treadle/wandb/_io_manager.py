"""wandb_artifacts_io_manager: what a function returns becomes a version of an artifact, what it asks for is
read from one. Configuration keys, sentences and metadata are those of dagster-wandb; the store is the home's.
"""

from __future__ import annotations

import os

from treadle._config.fields import Field
from treadle._errors import TreadleError
from treadle._events.metadata import MetadataValue
from treadle._io.definition import IOManagerDefinition
from treadle._io.managers import IOManager
from treadle._typing import TYPE_CHECKING
from treadle.wandb import _host, _sdk
from treadle.wandb._artifact import Artifact
from treadle.wandb._cache import Cache
from treadle.wandb._errors import (
    WandbArtifactsIOManagerError,
    configuration_of,
    partition_configuration,
)
from treadle.wandb._host import EMBEDDED_HOST, Host
from treadle.wandb._store import Record, Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from treadle._io.managers import InputContext, OutputContext
    from treadle._resources.context import InitResourceContext
    from treadle._run.instance import DagsterInstance

# The release of dagster-wandb whose behaviour this is; told in the metadata of artifacts, as there.
INTEGRATION_VERSION = "0.29.27"
_CONFIG: dict[str, Any] = {
    "run_name": str,
    "run_id": str,
    "wandb_run_id": str,
    "run_tags": [str],
    "base_dir": str,
    "cache_duration_in_minutes": int,
    "cache_size_in_mb": int,
}
_THIRTY_DAYS = 60 * 24 * 30
# The run of contexts that are made by hand.
UNIT_TEST_RUN_ID = "0ab2e48b-6d63-4ff5-b160-662cc60145f4"


class ArtifactsIOManager(IOManager):
    """Keeps Python objects (pickled), W&B objects and whole artifacts."""

    def __init__(self, instance: DagsterInstance, config: Mapping[str, Any]) -> None:
        self.dagster_run_id: str = config["dagster_run_id"]
        host: Host | str | None = config.get("wandb_host")
        self._host = host if isinstance(host, Host) else _host.find(host, None, instance)
        self.wandb_host: str = self._host.server.url if self._host.server is not None else EMBEDDED_HOST
        self.wandb_entity: str = config["wandb_entity"]
        self.wandb_project: str = config["wandb_project"]
        self.wandb_run_id: str = config.get("wandb_run_id") or self.dagster_run_id
        self._said_of_run: dict[str, dict[str, Any]] = {}
        self.wandb_run_name: str = config.get("wandb_run_name") or f"dagster-run-{self.dagster_run_id[:8]}"
        tags = list(config.get("wandb_run_tags") or ())
        self.wandb_run_tags: list[str] = tags if "dagster_wandb" in tags else [*tags, "dagster_wandb"]
        minutes = config.get("cache_duration_in_minutes")
        self.cache_duration_in_minutes: int = _THIRTY_DAYS if minutes is None else minutes
        self.base_dir: str = config["base_dir"]
        self._instance = instance
        self._cache = Cache(self.base_dir, self.cache_duration_in_minutes, config.get("cache_size_in_mb"))
        self._store = Store(self._host, self.wandb_entity, self.wandb_project, self._cache.folder)
        self._joined = False
        from treadle.wandb import _places

        _places.note(self.dagster_run_id, self.wandb_entity, self.wandb_project)

    def close(self) -> None:
        """Called when the run is over."""
        self._cache.close()

    def _join_run(self) -> None:
        """The executed run is a tracked run too, under its name among W&B's; and the record is told that."""
        if self._joined:
            return
        self._joined = True
        tracking = self._host.runs
        found = tracking.find(self.wandb_entity, self.wandb_project, self.wandb_run_id)
        if found is None:
            changes = {"display_name": self.wandb_run_name, "add_tags": self.wandb_run_tags}
            run, _ = tracking.start(
                self.wandb_entity, self.wandb_project, self.wandb_run_id, "allow", changes
            )
            tracking.stream(run["key"], None, None, None, None, 0)
        elif not set(self.wandb_run_tags) <= set(found["tags"]):
            tracking.update(found["key"], {"add_tags": self.wandb_run_tags})
        tags = {
            "wandb/run_id": self.wandb_run_id,
            "wandb/run_name": self.wandb_run_name,
            "wandb/run_tags": ",".join(self.wandb_run_tags),
        }
        try:
            self._instance.add_run_tags(self.dagster_run_id, tags)
        except TreadleError as error:
            if error.code != "not_found":  # a test that calls the manager without a run
                raise

    # --- writing

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        if obj is None:
            context.log.warning(
                "The output value given to the Weights & Biases (W&B) IO Manager is empty. If this was"
                " intended,"
                " you can disregard this warning."
            )
            return
        try:
            self._log(context, obj)
        except WandbArtifactsIOManagerError:
            raise
        except Exception as error:
            raise _told(error) from error

    def _log(self, context: OutputContext, obj: Any) -> None:
        parameters = configuration_of(context.definition_metadata, reading=False)
        if context.has_asset_partitions and len(context.asset_partition_keys) != 1:
            self._log_partitions(context, obj, parameters)
            return
        artifact, record = self._log_one(context, obj, parameters, _key_of_output(context))
        context._artifact = self._store.address(record)
        context._data_version = record.digest
        context.add_output_metadata(
            {
                "dagster_run_id": MetadataValue.dagster_run(self.dagster_run_id),
                **self._of_artifact(artifact, record),
                **self._of_run(record),
            }
        )

    def _log_partitions(self, context: OutputContext, obj: Any, parameters: Mapping[str, Any]) -> None:
        """One run over several partitions: the value holds that of each by its key, each an Artifact."""
        keys = list(context.asset_partition_keys)
        asset = context.asset_key.to_user_string()
        if not isinstance(obj, dict) or {str(k) for k in obj} != set(keys):
            told = f"the keys {sorted(str(k) for k in obj)}" if isinstance(obj, dict) else f"{type(obj)}"
            raise WandbArtifactsIOManagerError(
                f"This run covers {len(keys)} partitions of '{asset}' ({keys[0]} to {keys[-1]}), and each is"
                f" an Artifact of its own: return a dictionary with a value for each key, not {told}."
            )
        values = {str(key): value for key, value in obj.items()}
        said: dict[str, Any] = {}
        last: Record | None = None
        for key in keys:
            if values[key] is None:
                context.log.warning(f"The partition '{key}' of '{asset}' is None: no Artifact is made of it.")
                continue
            artifact, last = self._log_one(context, values[key], parameters, key)
            context._stored.append((key, last.digest, self._store.address(last)))
            said[key] = {name: value.value for name, value in self._of_artifact(artifact, last).items()}
        if last is not None:
            context.add_output_metadata(
                {
                    "dagster_run_id": MetadataValue.dagster_run(self.dagster_run_id),
                    "wandb_artifacts": MetadataValue.json(said),
                    **self._of_run(last),
                }
            )

    def _log_one(
        self, context: OutputContext, obj: Any, parameters: Mapping[str, Any], key: str | None
    ) -> tuple[Artifact, Record]:
        aliases = [*parameters.get("aliases", ()), f"dagster-run-{self.dagster_run_id[:8]}"]
        artifact = self._artifact_for(context, obj, parameters, key)
        for add_file in parameters.get("add_files") or ():
            artifact.add_file(**add_file)
        for add_dir in parameters.get("add_dirs") or ():
            artifact.add_dir(**add_dir)
        for add_reference in parameters.get("add_references") or ():
            artifact.add_reference(**add_reference)
        self._join_run()
        record = artifact._log(self._store, aliases, (), self.wandb_run_id)
        return artifact, record

    def _artifact_for(
        self, context: OutputContext, obj: Any, parameters: Mapping[str, Any], key: str | None
    ) -> Artifact:
        from treadle.wandb import _pickling
        from treadle.wandb._values import WBValue

        serialization = parameters.get("serialization_module") or {}
        module = serialization.get("name", "pickle")
        _pickling.check_module(module)
        if _sdk.is_artifact(obj):
            obj = _sdk.to_artifact(obj)
        if isinstance(obj, Artifact):
            return self._enriched(context, obj, parameters, key)
        name = self._name_for(context, parameters, key)
        type = parameters.get("type", "artifact")
        if isinstance(obj, WBValue) or _sdk.is_value(obj):
            if serialization:
                context.log.warning(
                    "You've included a 'serialization_module' in the 'wandb_artifact_configuration' settings."
                    " However, this doesn't have any impact when the output is already a W&B object like e.g"
                    " Table or Image."
                )
            if isinstance(obj, WBValue):
                artifact = Artifact(name, type)
                artifact.add(obj, obj.__class__.__name__)
            else:
                artifact = _sdk.wrap(obj, name, type)
            artifact.metadata = self._artifact_metadata()
        else:
            import pickle

            artifact = Artifact(name, type, metadata=self._artifact_metadata())
            arguments = {"protocol": pickle.HIGHEST_PROTOCOL, **(serialization.get("parameters") or {})}
            _pickling.pickle_artifact_content(context, module, arguments, artifact, obj)
        artifact.description = parameters.get("description")
        return artifact

    def _enriched(
        self,
        context: OutputContext,
        artifact: Artifact,
        parameters: Mapping[str, Any],
        key: str | None,
    ) -> Artifact:
        """A whole artifact that the function made, as a draft that has its asset's name."""
        for given in ("name", "type"):
            if parameters.get(given) is not None:
                raise WandbArtifactsIOManagerError(
                    f"You've provided a '{given}' property in the 'wandb_artifact_configuration' settings."
                    f" However, this '{given}' property should only be used when the output isn't already an"
                    " Artifact object."
                )
        if not artifact.name:
            raise WandbArtifactsIOManagerError(
                "The Weights & Biases (W&B) Artifact you provided is missing a name. Please, assign a name"
                " to your Artifact."
            )
        if artifact._record is not None:
            raise WandbArtifactsIOManagerError(
                f"The Artifact you provided, '{artifact.name}', is logged already. Return a new Artifact, or"
                " depend on the asset that made it."
            )
        if context.has_asset_key:
            name = self._collection_of(context)
            if artifact.name != name:
                context.log.warning(
                    f"Please note, the name '{artifact.name}' of your Artifact is overwritten by the name"
                    f" derived from the AssetKey '{name}'. For consistency and to avoid confusion, we advise"
                    " sharing a constant for both your asset's name and the artifact's name."
                )
                artifact._name = name
        if key is not None:
            artifact._name = partition_name(artifact._name, key)
        if parameters.get("serialization_module"):
            context.log.warning(
                "You've included a 'serialization_module' in the 'wandb_artifact_configuration' settings."
                " However, this doesn't have any impact when the output is already an Artifact object."
            )
        artifact.metadata = {**artifact.metadata, **self._artifact_metadata()}
        description = parameters.get("description")
        if description is not None:
            if artifact.description is not None:
                raise WandbArtifactsIOManagerError(
                    "You've given a 'description' in the 'wandb_artifact_configuration' settings for an"
                    " existing Artifact that already has a description. Please, either set the description"
                    " using 'wandb_artifact_argument' or when creating your Artifact."
                )
            artifact.description = description
        return artifact

    def _name_for(self, context: OutputContext, parameters: Mapping[str, Any], key: str | None) -> str:
        name: str | None = parameters.get("name")
        if context.has_asset_key:
            if name is not None:
                raise WandbArtifactsIOManagerError(
                    "You've included a 'name' property in the 'wandb_artifact_configuration' settings. But,"
                    " a 'name' is only needed when there's no 'AssetKey'. When an Artifact is created from an"
                    " @asset, it uses the asset name. When it's created from an @op with an 'asset_key' for"
                    " the output, that value is used. Please remove the 'name' property."
                )
            name = self._collection_of(context)
        elif name is None:
            raise WandbArtifactsIOManagerError(
                "The 'name' property is missing in the 'wandb_artifact_configuration' settings. For Artifacts"
                " created from an @op, a 'name' property is needed. You could also use an @asset as an"
                " alternative."
            )
        return name if key is None else partition_name(name, key)

    def _collection_of(self, context: OutputContext | InputContext) -> str:
        name: str = self._store.core.collection_for(context.asset_key.to_user_string())
        return name

    def _artifact_metadata(self) -> dict[str, Any]:
        import platform
        from datetime import datetime, timezone

        return {
            "source_integration": "dagster_wandb",
            "source_integration_version": INTEGRATION_VERSION,
            "source_dagster_run_id": self.dagster_run_id,
            "source_created_at": datetime.now(timezone.utc).isoformat(),
            "source_python_version": platform.python_version(),
        }

    def _url(self) -> str:
        return self._host.url

    def _of_artifact(self, artifact: Artifact, record: Record) -> dict[str, Any]:
        place = f"{record.entity}/{record.project}/artifacts/{record.type}"
        version = f"v{record.index}"
        return {
            "wandb_artifact_id": MetadataValue.text(artifact.id),
            "wandb_artifact_type": MetadataValue.text(record.type),
            "wandb_artifact_version": MetadataValue.text(version),
            "wandb_artifact_size": MetadataValue.int(record.size),
            "wandb_artifact_url": MetadataValue.url(f"{self._url()}/{place}/{record.collection}/{version}"),
        }

    def _of_run(self, record: Record) -> dict[str, Any]:
        """The same for all that is kept in one project."""
        place = f"{record.entity}/{record.project}"
        said = self._said_of_run.get(place)
        if said is None:
            said = self._said_of_run[place] = self._run_metadata(record, place)
        return said

    def _run_metadata(self, record: Record, place: str) -> dict[str, Any]:
        return {
            "wandb_entity": MetadataValue.text(record.entity),
            "wandb_project": MetadataValue.text(record.project),
            "wandb_run_id": MetadataValue.text(self.wandb_run_id),
            "wandb_run_name": MetadataValue.text(self.wandb_run_name),
            "wandb_run_path": MetadataValue.text(f"{place}/{self.wandb_run_id}"),
            "wandb_run_url": MetadataValue.url(f"{self._url()}/{place}/runs/{self.wandb_run_id}"),
        }

    # --- reading

    def load_input(self, context: InputContext) -> Any:
        try:
            return self._load(context)
        except WandbArtifactsIOManagerError:
            raise
        except Exception as error:
            raise _told(error) from error

    def _load(self, context: InputContext) -> Any:
        parameters = configuration_of(context.definition_metadata, reading=True)
        if context.has_asset_partitions:
            return self._load_partitions(context, parameters)
        if parameters.get("partitions"):
            raise WandbArtifactsIOManagerError(
                "You've included a 'partitions' value in the 'wandb_artifact_configuration' settings but"
                " it's not within a partitioned execution. Please only use 'partitions' within a partitioned"
                " context."
            )
        get, get_path = parameters.get("get"), parameters.get("get_path")
        if get is not None and get_path is not None:
            raise WandbArtifactsIOManagerError(
                "You've provided both 'get' and 'get_path' in the 'wandb_artifact_configuration' settings."
                " Only one should be used at a time. If you decide not to use any, the entire Artifact will"
                " be returned."
            )
        record = self._find(context, parameters)
        context._data_version = record.digest
        context.add_input_metadata({"artifact": record.text})
        return self._read(record, get, get_path)

    def _load_partitions(self, context: InputContext, parameters: Mapping[str, Any]) -> Any:
        """Of one partition its value, of several all of them by key."""
        if parameters.get("get") is not None or parameters.get("get_path") is not None:
            raise WandbArtifactsIOManagerError(
                "You've given a value for 'get' and/or 'get_path' in the 'wandb_artifact_configuration'"
                " settings during a partitioned execution. Please use the 'partitions' property to set"
                " 'get' or 'get_path' for each individual partition. To set a default value for all"
                " partitions, use '*'."
            )
        name = parameters.get("name") or self._store.core.collection_for(context.asset_key.to_user_string())
        by_key = parameters.get("partitions") or {}
        made = {key: artifact for key, _, artifact in context._stored}
        values: dict[str, Any] = {}
        for key in context.asset_partition_keys:
            context.log.info(f"Handling partition with key '{key}'")
            own = partition_configuration(key, by_key.get(key, by_key.get("*")))
            chosen = own.get("version") or own.get("alias")
            spellings = dict.fromkeys((partition_name(name, key), _peers_name(name, key)))
            record = self._record_of(list(spellings), chosen, made.get(key, ""))
            values[str(key)] = self._read(record, own.get("get"), own.get("get_path"))
        return next(iter(values.values())) if len(values) == 1 else values

    def _read(self, record: Record, get: str | None, get_path: str | None) -> Any:
        self._join_run()
        self._cache.hold()
        if get is None and get_path is None:
            from treadle.wandb import _pickling

            names = list(_pickling.FILE_NAMES.values())
            found = self._store.core.open_signed(record.text, self.wandb_run_id, names)
            if found is not None:
                return _pickling.load(found[1], list(_pickling.FILE_NAMES)[names.index(found[0])])
        else:
            self._store.core.use(record.text, self.wandb_run_id)
        artifact = Artifact(record.collection, record.type)
        artifact._is_logged_as(record, self._store)
        if get is not None:
            value = artifact.get(get)
            if value is None:
                raise WandbArtifactsIOManagerError(
                    f"The artifact {record.text} has no W&B object named '{get}' ('get'). It has:"
                    f" {', '.join(e.path for e in artifact.files())}."
                )
            return value
        if get_path is not None:
            try:
                return artifact.get_path(get_path).download()
            except KeyError as error:
                raise WandbArtifactsIOManagerError(f"'get_path': {error.args[0]}") from error
        artifact.download()
        return artifact

    def _find(self, context: InputContext, parameters: Mapping[str, Any]) -> Record:
        name: str | None = parameters.get("name")
        if context.has_asset_key:
            if name is not None:
                raise WandbArtifactsIOManagerError(
                    "A conflict has been detected in the provided configuration settings. The 'name'"
                    " parameter appears to be specified twice - once in the 'wandb_artifact_configuration'"
                    " metadata dictionary, and again as an AssetKey. Kindly avoid setting the name directly,"
                    " since the AssetKey will be used for this purpose."
                )
            name = self._collection_of(context)
        elif name is None:
            raise WandbArtifactsIOManagerError(
                "The 'name' property is missing in the 'wandb_artifact_configuration' settings. For"
                " Artifacts used in an @op, a 'name' property is required. You could use an @asset as an"
                " alternative."
            )
        elif context.has_partition_key:
            name = partition_name(name, context.partition_key)
        alias, version = parameters.get("alias"), parameters.get("version")
        if alias is not None and version is not None:
            raise WandbArtifactsIOManagerError(
                "You've provided both 'version' and 'alias' in the 'wandb_artifact_configuration' settings."
                " Only one should be used at a time. If you decide not to use any, the latest version will be"
                " applied automatically."
            )
        return self._record_of([name], alias or version, context._artifact)

    def _record_of(self, names: Sequence[str], chosen: str | None, known: str) -> Record:
        """The version of the first of these names that there is."""
        # What this very run made is meant, whatever another run logs meanwhile.
        if chosen is None and known and self._store.has(known):
            made = self._store.get(known)
            if made.run_id == self.wandb_run_id:
                return made
        place = f"{self.wandb_entity}/{self.wandb_project}"
        for name in names[1:]:
            found = self._store.find(f"{place}/{name}:{chosen or 'latest'}")
            if found is not None and self._store.find(f"{place}/{names[0]}") is None:
                return found
        try:
            return self._store.get(f"{place}/{names[0]}:{chosen or 'latest'}")
        except TreadleError as error:
            if error.code != "not_found":
                raise
            raise WandbArtifactsIOManagerError(
                "The artifact you're attempting to download might not exist, or you might have forgotten to"
                " include the 'name' property in the 'wandb_artifact_configuration' settings."
                f" {error}"
            ) from error


def partition_name(name: str, key: str) -> str:
    """Dimensions are joined by dots."""
    return f"{name}.{key.replace('|', '.')}"


def _peers_name(name: str, key: str) -> str:
    """As dagster-wandb 0.29 writes it."""
    return f"{name}.{key.replace('|', '-')}"


def _key_of_output(context: OutputContext) -> str | None:
    """The partition whose key stands behind the name. That a run is over a partition makes no partition of
    an asset that has none.
    """
    if context.has_asset_partitions:
        return context.asset_partition_key
    made_by_hand = context._step_key is None
    if context.has_partition_key and (made_by_hand or not context.has_asset_key):
        return context.partition_key
    return None


def _told(error: Exception) -> WandbArtifactsIOManagerError:
    said = f"{error}" if isinstance(error, TreadleError) else f"{type(error).__name__}: {error}"
    return WandbArtifactsIOManagerError(f"A W&B Artifacts IO Manager error occurred. {said}")


def _make(context: InitResourceContext, host: Host | str, entity: str, project: str) -> ArtifactsIOManager:
    config = {name: value for name, value in context.resource_config.items() if value is not None}
    if "run_id" in config and "wandb_run_id" in config:
        raise WandbArtifactsIOManagerError(
            "'run_id' and 'wandb_run_id' mean the same: configure one of them."
        )
    instance = context.instance
    if instance is None:
        from treadle._run.instance import DagsterInstance

        instance = DagsterInstance.get()
    return ArtifactsIOManager(
        instance,
        {
            "dagster_run_id": context.run_id or UNIT_TEST_RUN_ID,
            "wandb_host": host,
            "wandb_entity": entity,
            "wandb_project": project,
            "wandb_run_name": config.get("run_name"),
            "wandb_run_id": config.get("run_id") or config.get("wandb_run_id"),
            "wandb_run_tags": config.get("run_tags"),
            "base_dir": os.path.abspath(config.get("base_dir") or instance.storage_directory()),
            "cache_duration_in_minutes": config.get("cache_duration_in_minutes"),
            "cache_size_in_mb": config.get("cache_size_in_mb"),
        },
    )


def _for_a_run(context: InitResourceContext) -> Iterator[ArtifactsIOManager]:
    place = context.resources.wandb_config
    for key in ("entity", "project"):
        if not isinstance(place, dict) or not place.get(key):
            raise WandbArtifactsIOManagerError(
                f"The resource 'wandb_config' must give '{key}':"
                ' make_values_resource(entity=str, project=str).configured({"entity": ..., "project": ...}).'
            )
    resource = context.resources.wandb_resource
    # With its key, when it is ours; a test's own resource may be no more than a host.
    host = getattr(resource.get("api"), "_host", None) or resource["host"]
    yield from in_run(context, host, place["entity"], place["project"])


def in_run(
    context: InitResourceContext, host: Host | str, entity: str, project: str
) -> Iterator[ArtifactsIOManager]:
    """The manager of one run, closed with it."""
    manager = _make(context, host, entity, project)
    try:
        yield manager
    finally:
        manager.close()


class _Definition(IOManagerDefinition):
    def _invoke(self, given: InitResourceContext | None) -> ArtifactsIOManager:
        """Called by hand, as tests do, it gives the manager itself."""
        manager: ArtifactsIOManager = super()._invoke(given).__enter__()
        return manager


wandb_artifacts_io_manager = _Definition(
    _for_a_run,
    {name: Field(kind, is_required=False) for name, kind in _CONFIG.items()},
    "IO manager to read and write W&B Artifacts",
    {"wandb_resource", "wandb_config"},
)
