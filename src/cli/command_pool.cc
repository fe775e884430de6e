#include "commands.h"
#include "session.h"
#include "text.h"
#include <treadle/app/pools.h>
#include <treadle/base/json.h>

#include <fmt/format.h>

#include <charconv>

namespace treadle::cli {
namespace {

int list_pools(Session& session) {
  std::map<std::string, app::Pool> pools;
  auto home = session.open_existing_home();
  if (!home) return session.fail(home.error());
  if (*home) {
    auto found = app::pools(**home);
    if (!found) return session.fail(found.error());
    pools = std::move(*found);
  }
  JsonWriter w;
  w.begin_object().key("pools").begin_array();
  std::string text;
  for (const auto& [name, pool] : pools) {
    w.begin_object().field("name", name).field("limit", pool.limit);
    w.field("running", pool.running).field("from_default", pool.from_default).end_object();
    text += fmt::format("{}: {} of {} running", printable(name), pool.running, pool.limit);
    if (pool.limit == 0) text += ", paused";
    text += pool.from_default ? ", by default\n" : "\n";
  }
  const auto otherwise = app::default_pool_limit();
  if (!otherwise) return session.fail(otherwise.error());
  w.end_array().key("default_limit");
  *otherwise ? w.value(**otherwise) : w.null();
  if (pools.empty()) text = "No pool has a limit.\n";
  if (*otherwise)
    text += fmt::format("Pools without one of their own: {} at once (default_pool_limit).\n",
                        count_text(static_cast<std::size_t>(**otherwise), "step"));
  if (session.json()) session.print_json(w.end_object().str());
  session.print(text);
  return kExitOk;
}

int change_pool(Session& session, const std::string& name, std::optional<int> limit) {
  auto home = session.open_home();
  if (!home) return session.fail(home.error());
  if (!limit) {
    auto known = app::pools(**home);
    if (!known) return session.fail(known.error());
    const auto pool = known->find(name);
    if (pool == known->end() || pool->second.from_default)
      return session.fail(kExitNotFound, "not_found",
                          fmt::format("Pool '{}' has no limit.", printable(name)));
  }
  if (auto set = app::set_pool(**home, name, limit); !set) return session.fail(set.error());
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("name", name).key("limit");
    limit ? w.value(*limit) : w.null();
    session.print_json(w.end_object().str());
  }
  if (limit == 0) {
    session.print(fmt::format("Pool '{}' is paused: its steps wait until it has room again.\n",
                              printable(name)));
    return kExitOk;
  }
  session.print(limit ? fmt::format("At most {} of pool '{}' at once.\n",
                                    count_text(static_cast<std::size_t>(*limit), "step"),
                                    printable(name))
                      : fmt::format("Pool '{}' has no limit any more.\n", printable(name)));
  return kExitOk;
}

CommandSpec pool_set_command() {
  struct Given {
    std::string name, limit;
  };
  auto o = std::make_shared<Given>();
  CommandSpec command;
  command.name = "set";
  command.summary = "Say how many steps of a pool may run at once";
  command.details =
      "Ops, assets and checks with pool=\"NAME\" share the pool's places in all runs of the home, "
      "in whichever process they are executed. What runs already goes on; what waits is held to "
      "the new limit. With 0 the pool is paused: its steps wait until it has room, and their runs "
      "say so.";
  command.arguments = {{"NAME", "The pool's name", &o->name}, {"LIMIT", "0 to 1000", &o->limit}};
  command.examples = {{"pool set gpu 1", "one step on the GPU at a time"},
                      {"pool set gpu 0", "none now: they wait until there is room again"}};
  command.run = [o](Session& session) {
    int limit = 0;
    const char* end = o->limit.data() + o->limit.size();
    const auto read = std::from_chars(o->limit.data(), end, limit);
    if (read.ec != std::errc() || read.ptr != end)
      return session.usage_error(fmt::format("'{}' is no number.", printable(o->limit)));
    return change_pool(session, o->name, limit);
  };
  return command;
}

CommandSpec pool_remove_command() {
  auto name = std::make_shared<std::string>();
  CommandSpec command;
  command.name = "remove";
  command.summary = "Let steps of a pool run as they like again, or within the default";
  command.arguments = {{"NAME", "The pool's name", name.get()}};
  command.examples = {{"pool remove gpu", "no limit any more"}};
  command.run = [name](Session& session) { return change_pool(session, *name, std::nullopt); };
  return command;
}

}  // namespace

CommandSpec pool_command() {
  CommandSpec list;
  list.name = "list";
  list.details = "`default_pool_limit = 1` in the settings is the limit of pools that have none.";
  list.summary = "List the pools that have a limit, and how many of their steps run now";
  list.examples = {{"pool list", "what is limited, and how busy it is"}};
  list.run = [](Session& session) { return list_pools(session); };
  CommandSpec pool;
  pool.name = "pool";
  pool.summary = "Limit how many steps of a kind run at once";
  pool.subcommands = {pool_set_command(), std::move(list), pool_remove_command()};
  return pool;
}

}  // namespace treadle::cli
