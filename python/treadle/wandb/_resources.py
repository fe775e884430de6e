"""wandb_resource: what functions and the IO manager reach W&B's artifacts through."""

from __future__ import annotations

from treadle._config.fields import Field
from treadle._config.types import __getattr__ as _source
from treadle._errors import DagsterInvalidConfigError
from treadle._resources.definition import ResourceDefinition
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle._resources.context import InitResourceContext

WANDB_CLOUD_HOST = "https://api.wandb.ai"
# The store in the home: no server, no network.
EMBEDDED_HOST = "embedded"


def _wandb_resource(context: InitResourceContext) -> dict[str, Any]:
    """{"sdk": this package, "api": Api, "host": ...}. The key is for the day a server is asked; nothing
    is sent anywhere.
    """
    host = context.resource_config.get("host", EMBEDDED_HOST)
    check_host(host)
    from treadle import wandb
    from treadle.wandb._api import Api

    return {"sdk": wandb, "api": Api(instance=context.instance), "host": host}


def check_host(host: str) -> None:
    """Refuses every host but the embedded store."""
    if host != EMBEDDED_HOST:
        raise DagsterInvalidConfigError(
            f"wandb_resource: the host {host!r} is a server, and Treadle does not talk to servers yet:"
            " artifacts are"
            f" kept in the home. Leave 'host' out, or set it to {EMBEDDED_HOST!r}."
        )


wandb_resource = ResourceDefinition(
    _wandb_resource,
    {
        "api_key": Field(
            _source("StringSource"), description="W&B API key necessary to communicate with W&B."
        ),
        "host": Field(
            _source("StringSource"),
            is_required=False,
            description="The W&B server; without it the embedded store.",
        ),
    },
    "Resource for interacting with Weights & Biases",
)
