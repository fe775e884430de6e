"""wandb_resource: what functions and the IO manager reach W&B's artifacts through."""

from __future__ import annotations

from treadle._config.check import check_config
from treadle._errors import DagsterInvalidConfigError
from treadle._resources.resources import InitResourceContext, ResourceDefinition
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

WANDB_CLOUD_HOST = "https://api.wandb.ai"
# The store in the home: no server, no network.
EMBEDDED_HOST = "embedded"


def _wandb_resource(context: InitResourceContext) -> dict[str, Any]:
    """{"sdk": this package, "api": Api, "host": ...}. The key is for the day a server is asked; nothing
    is sent anywhere.
    """
    config = check_config(
        "wandb_resource", context.resource_config, {"api_key": str, "host": str}, ("api_key",)
    )
    host = config.get("host", EMBEDDED_HOST)
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
    {"api_key": str, "host": str},
    "Resource for interacting with Weights & Biases",
)
