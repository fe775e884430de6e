"""wandb_resource: what functions and the IO manager reach W&B's artifacts through."""

from __future__ import annotations

from treadle._config.fields import Field
from treadle._config.types import __getattr__ as _source
from treadle._errors import DagsterInvalidConfigError
from treadle._resources.definition import ResourceDefinition
from treadle._typing import TYPE_CHECKING
from treadle.wandb import _errors, _host
from treadle.wandb._host import EMBEDDED_HOST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle._resources.context import InitResourceContext
    from treadle._run.instance import DagsterInstance
    from treadle.wandb._host import Host


def _wandb_resource(context: InitResourceContext) -> dict[str, Any]:
    """{"sdk": this package, "api": Api, "host": ...}: of the server that `host` or WANDB_BASE_URL names, else
    of the home, which needs no key.
    """
    host = host_of(context.resource_config, context.instance)
    from treadle import wandb
    from treadle.wandb._api import Api

    named = host.server.url if host.server is not None else EMBEDDED_HOST
    return {"sdk": wandb, "api": Api._on(host, project="" if host.server else "default"), "host": named}


def host_of(config: Mapping[str, Any], instance: DagsterInstance | None) -> Host:
    """The place that a resource's configuration means."""
    try:
        return _host.find(config.get("host"), config.get("api_key"), instance)
    except (_errors.UsageError, _errors.CommError) as error:
        raise DagsterInvalidConfigError(f"wandb_resource: {error}") from error


wandb_resource = ResourceDefinition(
    _wandb_resource,
    {
        "api_key": Field(
            _source("StringSource"), description="W&B API key necessary to communicate with W&B."
        ),
        "host": Field(
            _source("StringSource"),
            is_required=False,
            description="The W&B server; without it that of WANDB_BASE_URL, else the embedded store.",
        ),
    },
    "Resource for interacting with Weights & Biases",
)
