#include "artifacts.h"
#include <treadle/artifact/code_source.h>
#include <treadle/artifact/drafts.h>

namespace treadle::python {
namespace {

using artifact::Drafts;

std::int64_t open_draft(Artifacts& self, nb::handle fields) {
  artifact::DraftSpec spec;
  spec.entity = text_in(fields, "entity");
  spec.project = text_in(fields, "project");
  spec.collection = text_in(fields, "collection");
  spec.type = text_in(fields, "type");
  spec.description = text_in(fields, "description");
  spec.metadata = text_in(fields, "metadata");
  spec.aliases = texts_in(fields, "aliases");
  spec.tags = texts_in(fields, "tags");
  spec.ttl_seconds = integer_in(fields, "ttl_seconds", artifact::kTtlInherit);
  spec.run_id = text_in(fields, "run_id");
  spec.base = integer_in(fields, "base", 0);
  spec.distributed_id = text_in(fields, "distributed_id");
  return value_or_raise(without_lock([&]() -> Result<std::int64_t> {
    spec.code = artifact::current_code(spec.run_id);
    TREADLE_TRY(const artifact::DraftState draft, Drafts(self.store()).open(spec));
    return draft.id;
  }));
}

// References are entries of a manifest already; the rest is content.
Result<void> put_entry(artifact::Store& store, std::int64_t id, const artifact::DraftEntry& given) {
  using Source = artifact::DraftEntry::Source;
  Drafts drafts(store);
  if (given.source == Source::kFile && given.extra.empty())
    return drafts.put_file(id, given.path, given.file);
  if (given.source == Source::kBytes && given.extra.empty())
    return drafts.put_bytes(id, given.path, given.bytes);
  artifact::Entry entry;
  entry.path = given.path;
  entry.extra = given.extra;
  if (given.source == Source::kReference) {
    entry.reference = given.reference;
    entry.md5 = given.reference_digest;
    entry.size = given.reference_size;
  } else {  // signed: its bytes first, then what stands beside them
    TREADLE_CHECK(drafts.put_bytes(id, given.path, given.bytes));
    TREADLE_TRY(const std::vector<artifact::Entry> now, drafts.entries(id));
    for (const artifact::Entry& each : now) {
      if (each.path != given.path) continue;
      entry = each;
      entry.extra = given.extra;
    }
  }
  return drafts.put_entries(id, std::span(&entry, 1));
}

void put(Artifacts& self, std::int64_t id, nb::handle entries, nb::handle folders) {
  std::vector<artifact::DraftEntry> given;
  const Items items(entries);
  for (std::size_t i = 0; i < items.size(); ++i) given.push_back(entry_of(self, items.at(i)));
  std::vector<artifact::DraftFolder> whole;
  const Items more(folders);
  for (std::size_t i = 0; i < more.size(); ++i) {
    const Items folder(more.at(i));
    whole.push_back({folder.text(0), folder.text(1)});
  }
  value_or_raise(without_lock([&]() -> Result<void> {
    for (const artifact::DraftFolder& folder : whole)
      TREADLE_CHECK(Drafts(self.store()).put_folder(id, folder.folder, folder.prefix));
    for (const artifact::DraftEntry& entry : given)
      TREADLE_CHECK(put_entry(self.store(), id, entry));
    return {};
  }));
}

}  // namespace

void bind_drafts(nb::class_<Artifacts>& artifacts) {
  artifacts.def("open_draft", open_draft)
      .def("put", put)
      .def("remove_from_draft",
           [](Artifacts& self, std::int64_t id, nb::handle path) {
             const std::string at = text_of(path);
             value_or_raise(without_lock([&] { return Drafts(self.store()).remove(id, at); }));
           })
      .def("commit_draft",
           [](Artifacts& self, std::int64_t id) {
             const auto done =
                 value_or_raise(without_lock([&] { return Drafts(self.store()).commit(id); }));
             return nb::make_tuple(version_tuple(done.version), done.created);
           })
      .def("abandon_draft", [](Artifacts& self, std::int64_t id) {
        value_or_raise(without_lock([&] { return Drafts(self.store()).abandon(id); }));
      });
}

}  // namespace treadle::python
