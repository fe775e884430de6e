"""What identifies content that lies elsewhere: the ETag that a web server or an object store tells, as the
SDK keeps it. A store that cannot be asked (no network, no package, no permission) leaves the URI itself; one
that answers that nothing is there is believed.
"""

from __future__ import annotations

import os

from treadle._typing import TYPE_CHECKING
from treadle.wandb._errors import WandbArtifactsIOManagerError

if TYPE_CHECKING:
    from typing import Any

    from treadle.wandb._store import DraftEntry

_SECONDS = 5.0


def may_ask() -> bool:
    """Nothing is asked in W&B's offline modes."""
    return os.environ.get("WANDB_MODE", "online") not in ("offline", "dryrun", "disabled")


def web_entry(uri: str, path: str) -> DraftEntry | None:
    """One entry for http and https; None when it cannot be asked."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    for method in ("HEAD", "GET"):  # some servers refuse HEAD
        try:
            with urlopen(Request(uri, method=method), timeout=_SECONDS) as answer:
                tag, length = answer.headers.get("ETag"), answer.headers.get("Content-Length")
        except HTTPError as error:
            if error.code in (404, 410):
                raise WandbArtifactsIOManagerError(
                    f"The reference {uri!r} leads nowhere: the server answered {error.code} {error.reason}."
                ) from None
            if method == "HEAD":
                continue
            return None
        except (OSError, ValueError):
            return None
        extra = {"etag": tag} if tag else {}
        digest = tag.removeprefix("W/").strip('"') if tag else uri
        return _entry(path, digest, int(length) if length and length.isdigit() else -1, extra, uri)
    return None


def s3_entries(uri: str, name: str | None, limit: int) -> list[DraftEntry] | None:
    """An object, or all below a prefix; None when the store cannot be asked."""
    from importlib import import_module
    from urllib.parse import parse_qs, urlsplit

    try:
        boto = import_module("boto3")
        config = import_module("botocore.config").Config(
            connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"max_attempts": 1}
        )
        errors = import_module("botocore.exceptions")
    except ImportError:
        return None
    parts = urlsplit(uri)
    bucket, key = parts.netloc, parts.path.lstrip("/")
    version = parse_qs(parts.query).get("versionId", [None])[0]
    try:
        client = boto.client("s3", endpoint_url=os.environ.get("AWS_S3_ENDPOINT_URL") or None, config=config)
        if key and not key.endswith("/"):
            try:
                chosen = {"VersionId": version} if version else {}
                told = client.head_object(Bucket=bucket, Key=key, **chosen)
                extra = {"etag": told["ETag"]}
                if told.get("VersionId") not in (None, "null"):
                    extra["versionID"] = told["VersionId"]
                path = name or key.rpartition("/")[2]
                return [_entry(path, told["ETag"].strip('"'), told["ContentLength"], extra, uri)]
            except errors.ClientError as error:
                if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
                    return None
        return _below(client, uri, bucket, key, name, limit)
    except (errors.BotoCoreError, errors.ClientError):
        return None


def _below(client: Any, uri: str, bucket: str, key: str, name: str | None, limit: int) -> list[DraftEntry]:
    prefix = key if not key or key.endswith("/") else f"{key}/"
    entries: list[DraftEntry] = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", ()):
            if found["Key"].endswith("/"):
                continue
            if len(entries) == limit:
                raise WandbArtifactsIOManagerError(
                    f"More than {limit} objects are below the reference {uri!r}: raise 'max_objects', or"
                    " reference a part of it."
                )
            relative = found["Key"][len(prefix) :]
            path = f"{name}/{relative}" if name else relative
            own = f"s3://{bucket}/{found['Key']}"
            tag = found["ETag"]
            entries.append(_entry(path, tag.strip('"'), found["Size"], {"etag": tag}, own))
    if not entries:
        raise WandbArtifactsIOManagerError(f"The reference {uri!r} leads to no object and no prefix.")
    return entries


def gs_entries(uri: str, name: str | None, limit: int) -> list[DraftEntry] | None:
    """The same of Google's store."""
    from importlib import import_module
    from urllib.parse import urlsplit

    parts = urlsplit(uri)
    key = parts.path.lstrip("/")
    try:
        client = import_module("google.cloud.storage").Client()
        blob = client.bucket(parts.netloc).get_blob(key) if key and not key.endswith("/") else None
        if blob is not None:
            return [_blob_entry(blob, name or key.rpartition("/")[2], uri)]
        prefix = key if not key or key.endswith("/") else f"{key}/"
        found = [
            b
            for b in client.bucket(parts.netloc).list_blobs(prefix=prefix, max_results=limit + 1)
            if not b.name.endswith("/")
        ]
    except Exception:  # no package, no credentials, no network
        return None
    if len(found) > limit:
        raise WandbArtifactsIOManagerError(
            f"More than {limit} objects are below the reference {uri!r}: raise 'max_objects', or reference a"
            " part of it."
        )
    if not found:
        raise WandbArtifactsIOManagerError(f"The reference {uri!r} leads to no object and no prefix.")
    below = [(b, b.name[len(prefix) :]) for b in found]
    return [
        _blob_entry(b, f"{name}/{rest}" if name else rest, f"gs://{parts.netloc}/{b.name}")
        for b, rest in below
    ]


def _blob_entry(blob: Any, path: str, uri: str) -> DraftEntry:
    return _entry(path, blob.etag, blob.size, {"versionID": str(blob.generation)}, uri)


def _entry(path: str, digest: str, size: int, extra: dict[str, Any], uri: str) -> DraftEntry:
    import json

    return (path, "reference", uri, digest, size, json.dumps(extra) if extra else "")
