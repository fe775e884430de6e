"""JSON over an HTTP API, with retries."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pydantic import Field

from treadle._errors import DagsterInvariantViolationError
from treadle._events.metadata import MetadataValue
from treadle._io.pythonic import ConfigurableIOManager

if TYPE_CHECKING:
    from http.client import HTTPResponse

# What is worth another try: the server was busy, restarting, or said to slow down.
_AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))


class HttpJson(ConfigurableIOManager):
    """Loads an asset by GET and stores it by PUT, as JSON: `raw/iris` is `<base_url>/raw/iris`, a partition
    `<base_url>/raw/iris/<key>`. What fails for the moment (no connection, 429, 5xx) is tried again, with
    delays that double; a `Retry-After` of the server is obeyed.

        HttpJson(base_url="https://features.internal/v1", headers={"Authorization": dg.EnvVar("TOKEN")})

    Metadata: `path` of an asset replaces its part of the URL; `method` of an output replaces PUT.
    """

    base_url: str
    headers: dict[str, str] = Field(default={}, json_schema_extra={"dagster__is_secret": True})
    timeout: float = Field(default=30.0, gt=0, description="Seconds that one request may take.")
    retries: int = Field(default=3, ge=0, description="How often a request is tried again.")
    delay: float = Field(
        default=0.5, ge=0, description="Seconds before the first of them; then twice as long."
    )
    longest_delay: float = Field(default=30.0, ge=0)

    def handle_output(self, context: Any, obj: Any) -> None:
        import json

        try:
            body = json.dumps(obj, ensure_ascii=False).encode()
        except (TypeError, ValueError) as e:
            raise DagsterInvariantViolationError(
                f"The output {context.name!r} cannot be sent as JSON: {e}."
            ) from e
        url = self._url(context, context)
        said = (context.definition_metadata or {}).get("method", "PUT")
        status, _ = self._ask(context, said, url, body)
        context.add_output_metadata({"url": MetadataValue.url(url), "status": status, "bytes": len(body)})

    def load_input(self, context: Any) -> Any:
        upstream = context.upstream_output if context.upstream_output is not None else context
        if not context.has_asset_partitions:
            return self._get(context, self._url(context, upstream))
        keys = list(context.asset_partition_keys)
        values = {key: self._get(context, self._url(context, upstream, key)) for key in keys}
        return values[keys[0]] if len(keys) == 1 else values

    def _get(self, context: Any, url: str) -> Any:
        import json

        _, body = self._ask(context, "GET", url, None)
        try:
            return json.loads(body) if body else None
        except ValueError as e:
            raise DagsterInvariantViolationError(
                f"GET {url} gave no JSON ({e}); it begins with {body[:80]!r}."
            ) from e

    def _url(self, context: Any, upstream: Any, partition: str | None = None) -> str:
        from urllib.parse import quote

        said = (upstream.definition_metadata or {}).get("path")
        if said is None:
            if not context.has_asset_key:
                raise DagsterInvariantViolationError(
                    'HttpJson keeps assets; an output of an op needs metadata={"path": ...}.'
                )
            said = "/".join(quote(part, safe="") for part in context.asset_key.path)
        if partition is None and context.has_asset_partitions:
            (partition,) = context.asset_partition_keys
        parts = [self.base_url.rstrip("/"), str(said).strip("/")]
        return "/".join(parts if partition is None else [*parts, quote(str(partition), safe="")])

    def _ask(self, context: Any, method: str, url: str, body: bytes | None) -> tuple[int, bytes]:
        from urllib.error import HTTPError, URLError
        from urllib.request import Request, urlopen

        if not url.startswith(("http://", "https://")):
            raise DagsterInvariantViolationError(f"{url!r} is no http or https URL.")
        headers = {"Accept": "application/json", **self.headers}
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        for attempt in range(self.retries + 1):
            after: str | None = None
            try:
                response: HTTPResponse
                with urlopen(Request(url, body, headers, method=method), timeout=self.timeout) as response:
                    return response.status, response.read()
            except HTTPError as e:
                told = e.read()[:200].decode(errors="replace")
                after = e.headers.get("Retry-After")
                why = f"{e.code} {e.reason}" + (f": {told}" if told else "")
                last = e.code not in _AGAIN
                e.close()
            except (URLError, TimeoutError, ConnectionError) as e:
                why, last = str(getattr(e, "reason", e)), False
            if last or attempt == self.retries:
                tries = f" after {attempt + 1} tries" if attempt else ""
                raise DagsterInvariantViolationError(f"{method} {url} failed{tries}: {why}")
            pause = self._pause(attempt, after)
            context.log.warning(f"{method} {url} failed ({why}); another try in {pause:g} s.")
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _pause(self, attempt: int, after: str | None) -> float:
        if after is not None and after.strip().isdigit():
            return min(float(after), self.longest_delay)
        return min(self.delay * 2.0**attempt, self.longest_delay)
