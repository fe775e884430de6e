"""The resource and the IO manager as classes with typed fields. Importing this module imports pydantic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from treadle._io.definition import IOManagerDefinition
from treadle._io.pythonic import ConfigurableLegacyIOManagerAdapter
from treadle._resources.pythonic import ConfigurableResourceFactory
from treadle.wandb._io_manager import in_run
from treadle.wandb._resources import _wandb_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from treadle._resources.context import InitResourceContext
    from treadle.wandb._io_manager import ArtifactsIOManager


class WandbResource(ConfigurableResourceFactory[dict[str, Any]]):
    """What functions reach W&B through; a function sees {"sdk", "api", "host"}, as with `wandb_resource`:

    resources={"wandb_resource": WandbResource(api_key=EnvVar("WANDB_API_KEY"))}
    """

    api_key: str
    host: Optional[str] = None  # noqa: UP045 - pydantic evaluates it, on Python 3.10 too

    def create_resource(self, context: InitResourceContext) -> dict[str, Any]:
        given = {"api_key": self.api_key, **({"host": self.host} if self.host else {})}
        return _wandb_resource(context.replace_config(given))


class WandbArtifactsIOManager(ConfigurableLegacyIOManagerAdapter):
    """Keeps outputs as versions of W&B artifacts, and reads inputs from them:

    resources={"io_manager": WandbArtifactsIOManager(entity="team", project="iris")}
    """

    entity: str = "local"
    project: str = "default"
    host: Optional[str] = None  # noqa: UP045
    base_dir: Optional[str] = None  # noqa: UP045
    cache_duration_in_minutes: Optional[int] = None  # noqa: UP045
    cache_size_in_mb: Optional[int] = None  # noqa: UP045
    run_id: Optional[str] = None  # noqa: UP045
    run_name: Optional[str] = None  # noqa: UP045
    run_tags: Optional[list[str]] = None  # noqa: UP045

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        if isinstance(self.entity, str) and isinstance(self.project, str):
            from treadle.wandb import _places

            _places.declare(self.entity, self.project)

    @property
    def wrapped_io_manager(self) -> IOManagerDefinition:
        return IOManagerDefinition(_for_a_run)


def _for_a_run(context: InitResourceContext) -> Iterator[ArtifactsIOManager]:
    config = context.resource_config
    yield from in_run(context, config.get("host") or "", config["entity"], config["project"])
