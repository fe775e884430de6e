"""Teams, users and keys as `wandb.Api` makes them."""

from __future__ import annotations

from real_server import Sdk, Server


def test_teams_members_and_service_accounts_are_made(sdk: Sdk, server: Server) -> None:
    server.admin("user", "add", "ada", "--email", "ada@example.org")
    result = sdk(
        """
        import wandb
        api = wandb.Api()
        team = api.create_team("vision")
        result = [team.name, [m.name for m in team.members]]
        result.append(team.invite("ada"))
        result.append(team.create_service_account("builds") is not None)
        team.load(force=True)
        result.append(sorted(m.account_type for m in team.members))
        member = next(m for m in team.members if m.username == "ada")
        member.delete()
        team.load(force=True)
        result.append("ada" in [m.username for m in team.members])
        """
    )
    assert result == ["vision", ["local"], True, True, ["SERVICE", "USER", "USER"], False]


def test_users_and_their_keys_are_made(sdk: Sdk) -> None:
    result = sdk(
        """
        import wandb
        api = wandb.Api()
        made = api.create_user("eva@example.org")
        result = [made.email, made.admin, api.user("eva@example.org").username == made.username]
        me = api.user("local")
        key = me.generate_api_key("for the laptop")
        result.append(wandb.Api(api_key=key).viewer.username)
        me = wandb.Api().user("local")
        result.append(len(me.api_keys))
        result.append(me.delete_api_key(me.api_keys[-1]))
        """
    )
    assert result == ["eva@example.org", False, True, "local", 2, True]


def test_members_of_a_registry_come_go_and_change(sdk: Sdk, server: Server) -> None:
    server.admin("org", "add", "acme", "--admin", "local")
    server.admin("user", "add", "ada")
    server.admin("member", "add", "ada", "--org", "acme", "--role", "member")
    server.admin("team", "add", "vision", "--org", "acme", "--admin", "local")
    result = sdk(
        """
        import wandb
        api = wandb.Api()
        registry = api.create_registry(name="models", visibility="restricted", organization="acme")
        user, team = api.user("ada"), api.team("vision")
        registry.add_members(user, team)
        result = [sorted(m.user.username for m in registry.user_members()),
                  [m.team.name for m in registry.team_members()]]
        registry.update_member(user, role="admin")
        result.append([m.role for m in registry.user_members() if m.user.username == "ada"])
        registry.remove_members(user, team)
        result += [[m.user.username for m in registry.user_members()], list(registry.team_members())]
        """
    )
    assert result == [["ada", "local"], ["vision"], ["admin"], ["local"], []]
