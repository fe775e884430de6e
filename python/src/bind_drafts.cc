#include "artifacts.h"
#include <treadle/artifact/code_source.h>

namespace treadle::python {
namespace {

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
    return self.store().open_draft(spec);
  }));
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
  value_or_raise(without_lock([&] { return self.store().put(id, given, whole); }));
}

}  // namespace

void bind_drafts(nb::class_<Artifacts>& artifacts) {
  artifacts.def("open_draft", open_draft)
      .def("put", put)
      .def("remove_from_draft",
           [](Artifacts& self, std::int64_t id, nb::handle path) {
             const std::string at = text_of(path);
             value_or_raise(without_lock([&] { return self.store().remove_from_draft(id, at); }));
           })
      .def("commit_draft",
           [](Artifacts& self, std::int64_t id) {
             const auto done =
                 value_or_raise(without_lock([&] { return self.store().commit_draft(id); }));
             return nb::make_tuple(version_tuple(done.version), done.created);
           })
      .def("abandon_draft", [](Artifacts& self, std::int64_t id) {
        value_or_raise(without_lock([&] { return self.store().abandon_draft(id); }));
      });
}

}  // namespace treadle::python
