"""`wandb login` and who one is."""

from __future__ import annotations

import subprocess
from pathlib import Path

from real_server import Sdk, Server


def test_login_takes_a_good_key_and_refuses_a_bad_one(sdk: Sdk) -> None:
    assert sdk("import wandb; result = wandb.login(verify=True)") is True
    refused = sdk("import wandb; wandb.login(verify=True, key='x' * 40)", code=1)
    assert "AuthenticationError" in refused


def test_api_knows_who_asks(sdk: Sdk, server: Server) -> None:
    key = server.admin("user", "add", "ada", "--email", "ada@example.org")["key"]
    server.admin("team", "add", "vision", "--admin", "ada")
    sdk.key = key
    result = sdk(
        """
        import wandb
        api = wandb.Api()
        result = [api.viewer.username, api.viewer.email, api.default_entity, sorted(api.viewer.teams),
                  api.user("local").username, api.team("vision").members[0].name]
        """
    )
    assert result == ["ada", "ada@example.org", "ada", ["ada", "vision"], "local", "ada"]


def test_a_key_of_ones_own_choosing_opens(sdk: Sdk, server: Server) -> None:
    sdk.key = "user_gw0-" + "a" * 40
    server.admin("user", "add", "tester", "--key", sdk.key)
    assert sdk("import wandb; result = wandb.Api().viewer.username") == "tester"


def test_the_sdk_verifies_a_server_with_a_certificate(tmp_path: Path, sdk_installed: None) -> None:
    """All that `wandb verify` checks: signed URLs, other origins, large bodies, runs, files, artifacts, a sweep."""
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    out = ("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "chain.pem"))
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names, *out]
    subprocess.run(command, check=True, capture_output=True)
    server = Server(tmp_path / "home")
    server.start("--tls-cert", str(tmp_path / "chain.pem"), "--tls-key", str(tmp_path / "key.pem"))
    sdk = Sdk(server, tmp_path / "work")
    sdk.folder.mkdir()
    chain = str(tmp_path / "chain.pem")
    said = sdk.cli("verify", SSL_CERT_FILE=chain, REQUESTS_CA_BUNDLE=chain)
    assert server.stop() == 0
    checks = [line for line in said.splitlines() if line.startswith("Checking")]
    assert len(checks) >= 10
    assert [line for line in checks if not line.endswith("\u2705")] == []
