#include "artifact_lookup.h"
#include "commands.h"
#include "render.h"
#include "session.h"
#include "table.h"
#include "text.h"
#include <treadle/artifact/store.h>

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

struct ArtifactLsOptions {
  std::string name;
  std::string type;
  std::string tag;
  std::string host;
};

std::string collection_text(const artifact::Collection& collection) {
  return short_artifact(collection.entity + "/" + collection.project + "/" + collection.name);
}

int list_collections(Session& session, const Artifacts& artifacts,
                     const ArtifactLsOptions& options) {
  std::vector<artifact::Collection> collections;
  if (artifacts) {
    artifact::CollectionFilter filter;
    filter.type = options.type;
    filter.tag = options.tag;
    auto found = artifacts.collections(filter);
    if (!found) return session.fail(found.error());
    collections = std::move(*found);
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("artifacts").begin_array();
    for (const artifact::Collection& collection : collections) {
      w.begin_object()
          .field("entity", collection.entity)
          .field("project", collection.project)
          .field("name", collection.name);
      w.field("type", collection.type).key("version_count");
      w.value(collection.version_count).key("size");
      collection.size < 0 ? w.null() : w.value(collection.size);
      w.key("latest");
      if (collection.latest) {
        write_version(w, *collection.latest);
      } else {
        w.null();
      }
      w.end_object();
    }
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  if (!artifacts) {
    session.print(session.no_home_text());
  } else if (collections.empty()) {
    session.print(options.type.empty()
                      ? "No artifacts.\n"
                      : fmt::format("No artifacts of type '{}'.\n", printable(options.type)));
  }
  Table table;
  table.columns = {{"artifact", Column::Align::kLeft, 2, true},
                   {"type"},
                   {"latest"},
                   {"aliases", Column::Align::kLeft, 1, false},
                   {"versions", Column::Align::kRight},
                   {"size", Column::Align::kRight},
                   {"made"}};
  for (const artifact::Collection& collection : collections) {
    const auto& latest = collection.latest;
    std::vector<std::string> aliases;
    if (latest)
      for (const std::string& alias : latest->aliases)
        if (alias != "latest") aliases.push_back(alias);
    table.rows.push_back({collection_text(collection), collection.type,
                          latest ? "v" + std::to_string(latest->index) : "none",
                          join(aliases, ", "), std::to_string(collection.version_count),
                          collection.size < 0 ? "" : format_size(collection.size),
                          latest ? format_ago(latest->created, session.now()) : ""});
  }
  session.print(render_table(table, session.out()));
  return kExitOk;
}

int list_versions(Session& session, const Artifacts& artifacts, const ArtifactLsOptions& options) {
  if (!artifacts) return session.fail(kExitNotFound, "not_found", session.no_home_text());
  const auto ref = parse_artifact_ref(options.name);
  if (!ref) return session.fail(ref.error());
  auto versions = artifacts.library->versions(*ref);
  if (!versions) return session.fail(versions.error());
  if (!options.tag.empty())
    std::erase_if(*versions, [&](const artifact::Version& version) {
      return std::find(version.tags.begin(), version.tags.end(), options.tag) == version.tags.end();
    });
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("versions").begin_array();
    for (const artifact::Version& version : *versions) write_version(w, version);
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  Table table;
  table.columns = {{"version"},
                   {"aliases", Column::Align::kLeft, 2, false},
                   {"tags", Column::Align::kLeft, 3, false},
                   {"digest"},
                   {"files", Column::Align::kRight},
                   {"size", Column::Align::kRight},
                   {"made"},
                   {"by run"},
                   {"description", Column::Align::kLeft, 1, false}};
  for (const artifact::Version& version : *versions)
    table.rows.push_back({short_artifact(version.text()), join(version.aliases, ", "),
                          join(version.tags, ", "), short_digest(version.digest),
                          std::to_string(version.file_count), format_size(version.size),
                          format_ago(version.created, session.now()), short_id(version.run_id),
                          version.description});
  session.print(render_table(table, session.out()));
  return kExitOk;
}

}  // namespace

CommandSpec artifact_ls_command() {
  auto o = std::make_shared<ArtifactLsOptions>();
  CommandSpec command;
  command.name = "list";
  command.summary = "List artifacts, or the versions of one";
  command.arguments = {
      {"NAME", "Only this artifact, with all its versions", &o->name, WordKind::kArtifact, false}};
  command.options = {{.names = "-t,--type",
                      .value = "TYPE",
                      .help = "Only artifacts of this type",
                      .target = &o->type},
                     {.names = "--tag",
                      .value = "TAG",
                      .help = "Only artifacts with this tag; of one artifact: versions with it",
                      .target = &o->tag},
                     host_option(&o->host)};
  command.examples = {{"artifact list", "every artifact with its latest version"},
                      {"artifact list model", "the versions of one"}};
  command.run = [o](Session& session) {
    int code = kExitOk;
    const Artifacts artifacts = open_artifacts(session, o->host, Access::kLook, code);
    if (code != kExitOk) return code;
    return o->name.empty() ? list_collections(session, artifacts, *o)
                           : list_versions(session, artifacts, *o);
  };
  return command;
}

}  // namespace treadle::cli
