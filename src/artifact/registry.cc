#include "checks.h"
#include "core.h"
#include "members.h"
#include "rows.h"
#include <treadle/artifact/registry.h>
#include <treadle/base/suggest.h>

namespace treadle::artifact {
namespace {

constexpr std::string_view kSelectRegistry =
    "select id, entity, name, description, access, all_types, created, updated from "
    "artifact_registry where ";

std::string_view to_text(RegistryAccess access) {
  return access == RegistryAccess::kRestricted ? "RESTRICTED" : "PRIVATE";  // W&B's words
}

Result<std::vector<Registry>> select_registries(db::Session& session, std::string_view where,
                                                const Bind& bind) {
  TREADLE_TRY(db::Statement * s,
              session.prepare(std::string(kSelectRegistry) + std::string(where)));
  bind(*s);
  std::vector<Registry> out;
  while (true) {
    TREADLE_TRY(const bool more, s->step());
    if (!more) break;
    Registry r;
    r.id = s->integer(0);
    r.entity = s->text(1);
    r.name = s->text(2);
    if (!s->is_null(3)) r.description = std::string(s->text(3));
    r.access =
        s->text(4) == "RESTRICTED" ? RegistryAccess::kRestricted : RegistryAccess::kOrganization;
    r.all_types = s->integer(5) != 0;
    r.created = s->integer(6);
    r.updated = s->integer(7);
    out.push_back(std::move(r));
  }
  for (Registry& r : out) {
    TREADLE_TRY(r.types, texts(session,
                               "select type from artifact_registry_type where registry_id = $1 "
                               "order by type",
                               [&](db::Statement& t) { t.bind(1, r.id); }));
  }
  return out;
}

Result<std::optional<Registry>> select_registry(db::Session& session, const std::string& entity,
                                                const std::string& name) {
  TREADLE_TRY(auto found,
              select_registries(session, "entity = $1 and name = $2",
                                [&](db::Statement& s) { s.bind(1, entity).bind(2, name); }));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<std::optional<Registry>> select_registry(db::Session& session, std::int64_t id) {
  TREADLE_TRY(auto found,
              select_registries(session, "id = $1", [&](db::Statement& s) { s.bind(1, id); }));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<void> add_types(db::Session& session, const Registry& registry,
                       const std::vector<std::string>& types, Micros now) {
  for (const std::string& type : types) {
    TREADLE_CHECK(ensure_type(session, registry.entity, registry.project(), type, now));
    TREADLE_CHECK(run(session,
                      "insert into artifact_registry_type (registry_id, type) values ($1, $2) "
                      "on conflict (registry_id, type) do nothing",
                      [&](db::Statement& s) { s.bind(1, registry.id).bind(2, type); }));
  }
  return {};
}

Result<void> check_registry(const std::string& name, const std::optional<std::string>& description,
                            const std::vector<std::string>& types) {
  TREADLE_CHECK(check_artifact_name("registry name", std::string(kRegistryPrefix) + name));
  TREADLE_CHECK(check_artifact_name("registry name", name));
  if (description) TREADLE_CHECK(check_text("description", *description));
  for (const std::string& type : types) TREADLE_CHECK(check_artifact_name("artifact type", type));
  return {};
}

Error taken(const std::string& entity, const std::string& name) {
  return {Errc::kAlreadyExists, "There is a registry '" + name + "' of " + entity +
                                    " already. Choose another name, or use that one."};
}

Error no_registry(std::int64_t id) {
  return {Errc::kNotFound, "There is no registry with the id " + std::to_string(id) + "."};
}

Result<void> rename_registry(db::Session& session, const Registry& registry,
                             const std::string& name) {
  TREADLE_TRY(const auto other, select_registry(session, registry.entity, name));
  if (other) return fail(taken(registry.entity, name));
  TREADLE_CHECK(run(session, "update artifact_registry set name = $1 where id = $2",
                    [&](db::Statement& s) { s.bind(1, name).bind(2, registry.id); }));
  const std::string from = registry.project();
  const std::string to = std::string(kRegistryPrefix) + name;
  for (const char* table : {"artifact_collection", "artifact_type", "artifact_protected_alias"}) {
    TREADLE_CHECK(
        run(session,
            std::string("update ") + table + " set project = $1 where entity = $2 and project = $3",
            [&](db::Statement& s) { s.bind(1, to).bind(2, registry.entity).bind(3, from); }));
  }
  return {};
}

}  // namespace

std::string Registry::project() const {
  return std::string(kRegistryPrefix) + name;
}

std::string registry_name(std::string_view name_or_project) {
  if (name_or_project.starts_with(kRegistryPrefix)) {
    name_or_project.remove_prefix(kRegistryPrefix.size());
  }
  return std::string(name_or_project);
}

Result<void> check_registry_takes(db::Session& session, const std::string& entity,
                                  const std::string& project, const std::string& type) {
  if (!project.starts_with(kRegistryPrefix)) return {};
  const std::string name = registry_name(project);
  TREADLE_TRY(const std::optional<Registry> registry, select_registry(session, entity, name));
  if (!registry) {
    TREADLE_TRY(const auto names,
                texts(session, "select name from artifact_registry where entity = $1 order by name",
                      [&](db::Statement& s) { s.bind(1, entity); }));
    return fail(Errc::kNotFound, "There is no registry '" + name + "' of " + entity + "." +
                                     did_you_mean(name, names) +
                                     " Create it first: `treadle registry create " + name + "`.");
  }
  if (registry->all_types) return {};
  std::string list;
  for (const std::string& each : registry->types) {
    if (each == type) return {};
    list += (list.empty() ? "" : ", ") + each;
  }
  return fail(Errc::kInvalidArgument,
              "The registry '" + name + "' takes artifacts of the types " +
                  (list.empty() ? std::string("(none)") : list) + ", not '" + type +
                  "'. Add the type to the registry, or use another registry.");
}

Registries::Registries(Store& store) : store_(store) {}

Result<std::vector<Registry>> Registries::list(const std::string& entity) {
  std::vector<Registry> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_registries(session, "($1 = '' or entity = $1) order by name, entity",
                                       [&](db::Statement& s) { s.bind(1, entity); }));
    return {};
  }));
  return out;
}

Result<std::optional<Registry>> Registries::find(const std::string& entity,
                                                 const std::string& name) {
  std::optional<Registry> out;
  const std::string owner = entity.empty() ? store_.core().entity : entity;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_registry(session, owner, registry_name(name)));
    return {};
  }));
  return out;
}

Result<std::optional<Registry>> Registries::find(std::int64_t id) {
  std::optional<Registry> out;
  TREADLE_CHECK(store_.core().database.read([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_registry(session, id));
    return {};
  }));
  return out;
}

Result<Registry> Registries::get(const std::string& entity, const std::string& name) {
  TREADLE_TRY(std::optional<Registry> found, find(entity, name));
  if (found) return *std::move(found);
  const std::string owner = entity.empty() ? store_.core().entity : entity;
  TREADLE_TRY(const std::vector<Registry> others, list(owner));
  std::vector<std::string> names;
  for (const Registry& other : others) names.push_back(other.name);
  return fail(
      Errc::kNotFound,
      "There is no registry '" + registry_name(name) + "' of " + owner + "." +
          (names.empty() ? " Create one: `treadle registry create " + registry_name(name) + "`."
                         : did_you_mean(registry_name(name), names)));
}

Result<Registry> Registries::create(const RegistrySpec& spec) {
  Core& core = store_.core();
  const std::string name = registry_name(spec.name);
  const std::string entity = spec.entity.empty() ? core.entity : spec.entity;
  TREADLE_CHECK(check_artifact_name("entity name", entity));
  TREADLE_CHECK(check_registry(name, spec.description, spec.types));
  std::optional<Registry> out;
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(out, select_registry(session, entity, name));
    if (out) return fail(taken(entity, name));
    const Micros now = core.clock.now();
    TREADLE_CHECK(run(session,
                      "insert into artifact_registry (id, entity, name, description, access, "
                      "all_types, created, updated) select coalesce(max(id), 0) + 1, $1, $2, $3, "
                      "$4, $5, $6, $6 from artifact_registry",
                      [&](db::Statement& s) {
                        s.bind(1, entity).bind(2, name);
                        spec.description ? s.bind(3, *spec.description) : s.bind_null(3);
                        s.bind(4, to_text(spec.access)).bind(5, spec.all_types ? 1 : 0);
                        s.bind(6, now);
                      }));
    TREADLE_TRY(out, select_registry(session, entity, name));
    TREADLE_CHECK(add_types(session, *out, spec.types, now));
    TREADLE_TRY(out, select_registry(session, entity, name));
    return {};
  }));
  return *std::move(out);
}

Result<Registry> Registries::edit(std::int64_t id, const RegistryEdit& edit) {
  Core& core = store_.core();
  const std::string name = edit.name ? registry_name(*edit.name) : std::string("unchanged");
  TREADLE_CHECK(
      check_registry(name, edit.description ? *edit.description : std::nullopt, edit.types_to_add));
  std::optional<Registry> out;
  TREADLE_CHECK(core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(std::optional<Registry> registry, select_registry(session, id));
    if (!registry) return fail(no_registry(id));
    const Micros now = core.clock.now();
    const auto set = [&](std::string_view column, const Bind& bind) {
      return run(session,
                 "update artifact_registry set " + std::string(column) + " = $1 where id = $2",
                 [&](db::Statement& s) {
                   bind(s);
                   s.bind(2, id);
                 });
    };
    if (edit.name && name != registry->name) {
      TREADLE_CHECK(rename_registry(session, *registry, name));
      registry->name = name;
    }
    if (edit.description) {
      TREADLE_CHECK(set("description", [&](db::Statement& s) {
        *edit.description ? s.bind(1, **edit.description) : s.bind_null(1);
      }));
    }
    if (edit.access) {
      TREADLE_CHECK(set("access", [&](db::Statement& s) { s.bind(1, to_text(*edit.access)); }));
    }
    if (edit.all_types && *edit.all_types != registry->all_types) {
      TREADLE_CHECK(
          set("all_types", [&](db::Statement& s) { s.bind(1, *edit.all_types ? 1 : 0); }));
      if (!*edit.all_types) {
        // What is linked stays allowed.
        const std::string registry_project = registry->project();
        TREADLE_TRY(const auto linked,
                    texts(session,
                          "select distinct type from artifact_collection where entity = $1 and "
                          "project = $2 and state = 'READY' order by type",
                          [&](db::Statement& s) {
                            s.bind(1, registry->entity).bind(2, registry_project);
                          }));
        TREADLE_CHECK(add_types(session, *registry, linked, now));
      }
    }
    TREADLE_CHECK(add_types(session, *registry, edit.types_to_add, now));
    TREADLE_CHECK(set("updated", [&](db::Statement& s) { s.bind(1, now); }));
    TREADLE_TRY(out, select_registry(session, id));
    return {};
  }));
  return *std::move(out);
}

Result<void> Registries::remove(std::int64_t id, const ChangeOptions& options) {
  Core& core = store_.core();
  return core.write([&](db::Session& session) -> Result<void> {
    TREADLE_TRY(const std::optional<Registry> registry, select_registry(session, id));
    if (!registry) return fail(no_registry(id));
    const Change change{options, core.clock.now()};
    const std::string project = registry->project();
    const auto place = [&](db::Statement& s) { s.bind(1, registry->entity).bind(2, project); };
    TREADLE_TRY(const std::vector<std::string> names,
                texts(session,
                      "select name from artifact_collection where entity = $1 and project = $2 and "
                      "state = 'READY'",
                      place));
    for (const std::string& name : names) {
      TREADLE_TRY(const auto row, find_row(session, registry->entity, registry->project(), name));
      TREADLE_CHECK(remove_collection(session, change, *row, true));
    }
    TREADLE_CHECK(run(
        session, "delete from artifact_protected_alias where entity = $1 and project = $2", place));
    for (const char* sql : {"delete from artifact_registry_type where registry_id = $1",
                            "delete from artifact_registry where id = $1"}) {
      TREADLE_CHECK(run(session, sql, [&](db::Statement& s) { s.bind(1, id); }));
    }
    return {};
  });
}

}  // namespace treadle::artifact
