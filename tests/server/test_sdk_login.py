"""`wandb login` and who one is."""

from __future__ import annotations

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
