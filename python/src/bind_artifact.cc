// treadle._core.Artifacts: a home's artifact store as the package uses it.
#include "artifacts.h"
#include "server.h"
#include <treadle/artifact/code_source.h>
#include <treadle/client/artifacts.h>
#include <treadle/io/file_cache.h>
#include <treadle/io/signature.h>

#include <algorithm>

namespace treadle::python {

nb::tuple text_tuple(const std::vector<std::string>& items) {
  nb::list list;
  for (const std::string& item : items) list.append(to_text(item));
  return nb::tuple(list);
}

nb::tuple version_tuple(const artifact::Version& v) {
  nb::object step = v.history_step ? nb::object(nb::int_(*v.history_step)) : nb::object(nb::none());
  return nb::make_tuple(v.id, to_text(v.entity), to_text(v.project), to_text(v.collection),
                        to_text(v.type), v.index, text_tuple(v.aliases), to_text(v.digest),
                        to_text(v.description), to_text(v.metadata), v.size, v.file_count,
                        v.created, to_text(v.run_id), text_tuple(v.tags), v.ttl_seconds,
                        v.ttl_effective, step, v.updated);
}

ArtifactRef ref_of(nb::handle text) {
  return value_or_raise(parse_artifact_ref(text_of(text)));
}

artifact::Version version_of(Artifacts& self, nb::handle text) {
  const ArtifactRef ref = ref_of(text);
  return value_or_raise(without_lock([&] { return self.store().get(ref); }));
}

nb::object item_of(nb::handle dictionary, const char* key) {
  PyObject* found = PyDict_GetItemString(dictionary.ptr(), key);
  return found == nullptr || found == Py_None ? nb::object() : nb::borrow(found);
}

std::string text_in(nb::handle dictionary, const char* key) {
  const nb::object found = item_of(dictionary, key);
  return found.is_valid() ? text_of(found) : std::string();
}

std::vector<std::string> texts_in(nb::handle dictionary, const char* key) {
  const nb::object found = item_of(dictionary, key);
  return found.is_valid() ? texts_of(found) : std::vector<std::string>();
}

std::int64_t integer_in(nb::handle dictionary, const char* key, std::int64_t otherwise) {
  const nb::object found = item_of(dictionary, key);
  return found.is_valid() ? nb::cast<std::int64_t>(found) : otherwise;
}

namespace {

std::string bytes_of(nb::handle object) {
  char* bytes = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(object.ptr(), &bytes, &size) != 0) throw nb::python_error();
  return std::string(bytes, static_cast<std::size_t>(size));
}

}  // namespace

artifact::DraftEntry entry_of(Artifacts& self, nb::handle given) {
  using Source = artifact::DraftEntry::Source;
  const Items items(given);
  artifact::DraftEntry entry;
  entry.path = items.text(0);
  entry.extra = items.text(5);
  const std::string kind = items.text(1);
  if (kind == "file") {
    entry.source = Source::kFile;
    entry.file = items.text(2);
  } else if (kind == "reference") {
    entry.source = Source::kReference;
    entry.reference = items.text(2);
    entry.reference_digest = items.text(3);
    entry.reference_size = items.integer(4);
  } else {
    entry.bytes = bytes_of(items.at(2));
    if (kind == "signed") {
      entry.extra = value_or_raise(io::signature_extra(self.home->signing_key(), entry.bytes));
    }
  }
  return entry;
}

namespace {

// `fields`: entity, project, cache_folder.
void open_on_server(Artifacts* self, PythonHome& home, PythonServer& server, nb::handle fields) {
  client::ArtifactsOptions options;
  options.entity = text_in(fields, "entity");
  options.project = text_in(fields, "project");
  options.cache_folder = text_in(fields, "cache_folder");
  new (self) Artifacts{home.home.get(), client::Artifacts::over(server.connection, options)};
}

nb::tuple log_version(Artifacts& self, nb::handle entity, nb::handle project, nb::handle collection,
                      nb::handle type, nb::handle description, nb::handle metadata,
                      nb::handle aliases, nb::handle run_id, nb::handle entries, nb::handle folders,
                      nb::handle more) {
  artifact::Draft draft;
  draft.entity = text_of(entity);
  draft.project = text_of(project);
  draft.collection = text_of(collection);
  draft.type = text_of(type);
  draft.description = text_of(description);
  draft.metadata = text_of(metadata);
  draft.aliases = texts_of(aliases);
  draft.run_id = text_of(run_id);
  draft.code = artifact::current_code(draft.run_id);
  draft.tags = texts_in(more, "tags");
  draft.ttl_seconds = integer_in(more, "ttl_seconds", artifact::kTtlInherit);
  draft.base = integer_in(more, "base", 0);
  draft.removed = texts_in(more, "removed");
  const Items given(entries);
  draft.entries.reserve(given.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    draft.entries.push_back(entry_of(self, given.at(i)));
  }
  const Items whole(folders);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const Items folder(whole.at(i));
    draft.more_folders.push_back({folder.text(0), folder.text(1)});
  }
  const auto logged = value_or_raise(without_lock([&] { return self.store().log(draft); }));
  return nb::make_tuple(version_tuple(logged.version), logged.created);
}

nb::object find(Artifacts& self, nb::handle text) {
  const ArtifactRef ref = ref_of(text);
  const auto found = value_or_raise(without_lock([&] { return self.store().find(ref); }));
  return found ? nb::object(version_tuple(*found)) : nb::object(nb::none());
}

nb::list entries(Artifacts& self, nb::handle text) {
  const artifact::Version version = version_of(self, text);
  const auto found = value_or_raise(without_lock([&] { return self.store().entries(version); }));
  nb::list list;
  for (const artifact::Entry& e : found) {
    list.append(nb::make_tuple(to_text(e.path), to_text(e.md5), e.size, to_text(e.reference),
                               to_text(e.extra)));
  }
  return list;
}

nb::bytes read(Artifacts& self, nb::handle text, nb::handle path, bool is_signed) {
  const artifact::Version version = version_of(self, text);
  const std::string wanted = text_of(path);
  const std::string content = value_or_raise(without_lock([&]() -> Result<std::string> {
    TREADLE_TRY(std::string bytes, self.store().read(version, wanted));
    if (!is_signed) return bytes;
    TREADLE_TRY(const auto all, self.store().entries(version));
    for (const artifact::Entry& entry : all) {
      if (entry.path != wanted) continue;
      TREADLE_CHECK(io::check_signature(self.home->signing_key(), version, entry, bytes));
    }
    return bytes;
  }));
  return nb::bytes(content.data(), content.size());
}

// (file, content) of the first of these files that the version has, its signature checked, for a run that
// uses it; None when it has none of them.
nb::object open_signed(Artifacts& self, nb::handle text, nb::handle run_id, nb::handle files) {
  const ArtifactRef ref = ref_of(text);
  const std::string run = text_of(run_id);
  const std::vector<std::string> wanted = texts_of(files);
  std::string found;
  const std::string content = value_or_raise(without_lock([&]() -> Result<std::string> {
    TREADLE_TRY(const artifact::Version version, self.store().get(ref));
    TREADLE_CHECK(self.store().use(version, run));
    TREADLE_TRY(const auto all, self.store().entries(version));
    const artifact::Entry* chosen = nullptr;
    for (auto name = wanted.begin(); chosen == nullptr && name != wanted.end(); ++name) {
      const auto at = std::find_if(all.begin(), all.end(), [&](const artifact::Entry& entry) {
        return entry.path == *name && entry.reference.empty();
      });
      if (at != all.end()) chosen = &*at;
    }
    if (chosen == nullptr) return std::string();
    TREADLE_TRY(std::string bytes, self.store().read(version, chosen->path));
    TREADLE_CHECK(io::check_signature(self.home->signing_key(), version, *chosen, bytes));
    found = chosen->path;
    return bytes;
  }));
  if (found.empty()) return nb::none();
  return nb::make_tuple(to_text(found), nb::bytes(content.data(), content.size()));
}

nb::tuple download(Artifacts& self, nb::handle text, nb::handle folder, nb::handle only_path) {
  const artifact::Version version = version_of(self, text);
  const std::string into = text_of(folder);
  const std::string only = text_of(only_path);
  return text_tuple(
      value_or_raise(without_lock([&] { return self.store().download(version, into, only); })));
}

nb::str cached_folder(Artifacts& self, nb::handle text, nb::handle cache_folder) {
  const artifact::Version version = version_of(self, text);
  const std::string cache = text_of(cache_folder);
  return to_text(value_or_raise(without_lock([&]() -> Result<std::string> {
    TREADLE_TRY(const auto all, self.store().entries(version));
    return io::cached_folder(self.store(), cache, version, all);
  })));
}

nb::list versions(Artifacts& self, nb::handle text) {
  const ArtifactRef ref = ref_of(text);
  nb::list list;
  for (const auto& v : value_or_raise(without_lock([&] { return self.store().versions(ref); }))) {
    list.append(version_tuple(v));
  }
  return list;
}

}  // namespace

void bind_artifact(nb::module_& module) {
  nb::class_<Artifacts> artifacts(module, "Artifacts");
  artifacts
      .def(
          "__init__",
          [](Artifacts* self, PythonHome& home) {
            new (self) Artifacts{home.home.get(), artifact::local_library(home.home->store())};
          },
          nb::keep_alive<1, 2>())
      .def("__init__", open_on_server, nb::keep_alive<1, 2>())
      .def("log", log_version)
      .def("find", find)
      .def("get",
           [](Artifacts& self, nb::handle text) { return version_tuple(version_of(self, text)); })
      .def("get_version",
           [](Artifacts& self, std::int64_t id) {
             return version_tuple(
                 value_or_raise(without_lock([&] { return self.store().get_version(id); })));
           })
      .def("entries", entries)
      .def("read", read)
      .def("open_signed", open_signed)
      .def("download", download)
      .def("cached_folder", cached_folder)
      .def("versions", versions)
      .def("use",
           [](Artifacts& self, nb::handle text, nb::handle run_id) {
             const artifact::Version version = version_of(self, text);
             const std::string run = text_of(run_id);
             value_or_raise(without_lock([&] { return self.store().use(version, run); }));
           })
      .def("users_of",
           [](Artifacts& self, nb::handle text) {
             return text_tuple(value_or_raise(self.store().users_of(version_of(self, text))));
           })
      .def_static("opens_any_pickle",
                  [] { return value_or_raise(io::pickle_policy()) == io::PicklePolicy::kAny; })
      .def_static("collection_for", [](nb::handle asset) {
        return to_text(artifact_name_for(AssetKey(text_of(asset))));
      });
  bind_catalog(artifacts);
  bind_drafts(artifacts);
}

}  // namespace treadle::python
