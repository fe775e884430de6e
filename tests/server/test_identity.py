"""Identity tokens instead of API keys: POST /oidc/token, and the SDK with WANDB_IDENTITY_TOKEN_FILE."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from real_server import Answer, Sdk, Server

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def text64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Issuer:
    """Signs tokens, and publishes its key where OpenID Connect says that issuers do."""

    def __init__(self, folder: Path) -> None:
        self.key = folder / "issuer.pem"
        subprocess.run(["openssl", "genrsa", "-out", str(self.key), "2048"], check=True, capture_output=True)
        command = ["openssl", "rsa", "-in", str(self.key), "-noout", "-modulus"]
        modulus = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        number = bytes.fromhex(modulus.strip().removeprefix("Modulus="))
        self.keys = {"keys": [{"kty": "RSA", "kid": "k", "n": text64(number), "e": text64(b"\x01\x00\x01")}]}
        issuer = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pages = {
                    "/.well-known/openid-configuration": {"jwks_uri": issuer.url + "/keys"},
                    "/keys": issuer.keys,
                }
                body = json.dumps(pages.get(self.path)).encode()
                self.send_response(200 if self.path in pages else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, **claims: Any) -> str:
        header = {"alg": "RS256", "kid": "k"}
        all_claims = {"iss": self.url, "aud": "treadle", "exp": int(time.time()) + 600, **claims}
        text = ".".join(text64(json.dumps(part).encode()) for part in (header, all_claims))
        command = ["openssl", "dgst", "-sha256", "-sign", str(self.key)]
        signature = subprocess.run(command, input=text.encode(), check=True, capture_output=True).stdout
        return f"{text}.{text64(signature)}"


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    made = Issuer(tmp_path)
    yield made
    made.server.shutdown()
    made.server.server_close()


def exchange(server: Server, token: str, grant: str = GRANT) -> Answer:
    form = urlencode({"grant_type": grant, "assertion": token}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return server.request("/oidc/token", form, key="", headers=kind)


def who(server: Server, token: str) -> Answer:
    body = json.dumps({"query": "{ viewer { username } }"}).encode()
    return server.request("/graphql", body, key="", headers={"Authorization": f"Bearer {token}"})


def test_a_token_of_a_trusted_issuer_opens_what_its_user_may(server: Server, issuer: Issuer) -> None:
    server.admin("user", "add", "ada")
    server.admin("issuer", "add", issuer.url, "--audience", "treadle")
    answer = exchange(server, issuer.token(sub="ada"))
    assert answer.status == 200, answer.body
    said = answer.json()
    assert (said["token_type"], said["expires_in"]) == ("Bearer", 3600)
    assert answer.headers["Cache-Control"] == "no-store"
    assert who(server, said["access_token"]).json() == {"data": {"viewer": {"username": "ada"}}}
    server.admin("issuer", "remove", issuer.url)
    assert who(server, said["access_token"]).status == 401


def test_subjects_of_a_build_service_act_as_a_service_account(server: Server, issuer: Issuer) -> None:
    server.admin("user", "add", "builder", "--service")
    server.admin("issuer", "add", issuer.url, "--audience", "treadle")
    token = issuer.token(sub="repo:acme/app:ref:refs/heads/main")
    refused = exchange(server, token)
    assert refused.status == 400
    assert refused.json()["error"] == "invalid_grant"
    assert "treadle issuer allow" in refused.json()["error_description"]
    server.admin("issuer", "allow", issuer.url, "repo:acme/app:*", "--user", "builder")
    (listed,) = server.admin("issuer", "list")["issuers"]
    assert listed["subjects"] == [{"subject": "repo:acme/app:*", "user": "builder"}]
    said = exchange(server, token).json()
    assert who(server, said["access_token"]).json()["data"]["viewer"]["username"] == "builder"
    server.admin("issuer", "disallow", issuer.url, "repo:acme/app:*")
    assert exchange(server, token).status == 400


def test_requests_that_make_no_sense_are_refused_as_oauth_words_it(server: Server, issuer: Issuer) -> None:
    assert exchange(server, "x", grant="password").json()["error"] == "unsupported_grant_type"
    assert server.request("/oidc/token", b"", key="").json()["error"] == "invalid_request"
    assert server.request("/oidc/token", b"%%%=&&&=%zz", key="").status == 400
    stranger = exchange(server, issuer.token(sub="local"))
    assert (stranger.status, stranger.json()["error"]) == (400, "invalid_grant")
    assert "issuer add" in stranger.json()["error_description"]


def test_the_sdk_logs_in_with_an_identity_token(server: Server, issuer: Issuer, sdk: Sdk) -> None:
    server.admin("user", "add", "ada")
    server.admin("issuer", "add", issuer.url, "--audience", "treadle")
    (sdk.folder / "token").write_text(issuer.token(sub="ada") + "\n")
    sdk(
        """
        import os
        del os.environ["WANDB_API_KEY"]
        import wandb
        with wandb.init(project="p", id="by-token") as run:
            run.log({"x": 1})
        """,
        WANDB_IDENTITY_TOKEN_FILE=str(sdk.folder / "token"),
        WANDB_CREDENTIALS_FILE=str(sdk.folder / "credentials.json"),
    )
    query = '{ project(name: "p", entityName: "ada") { run(name: "by-token") { user { username } state } } }'
    run = server.data(query)["project"]["run"]
    assert run == {"user": {"username": "ada"}, "state": "finished"}
