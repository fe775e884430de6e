#include "artifacts.h"

namespace treadle::python {
namespace {

artifact::ChangeOptions options_of(bool protected_too) {
  return {.protected_too = protected_too};
}

nb::dict collection_dict(const artifact::Collection& c) {
  nb::dict out;
  out["id"] = c.id;
  out["entity"] = to_text(c.entity);
  out["project"] = to_text(c.project);
  out["name"] = to_text(c.name);
  out["type"] = to_text(c.type);
  out["is_sequence"] = c.kind == artifact::CollectionKind::kSequence;
  out["description"] = to_text(c.description);
  out["tags"] = text_tuple(c.tags);
  out["created"] = c.created;
  out["updated"] = c.updated;
  return out;
}

// (collection, index, aliases, version): "entity/project/collection" and the number there.
nb::tuple member_tuple(const artifact::Membership& m) {
  return nb::make_tuple(to_text(m.entity + "/" + m.project + "/" + m.collection), m.index,
                        text_tuple(m.aliases), version_tuple(m.version));
}

nb::list members_list(const std::vector<artifact::Membership>& members) {
  nb::list list;
  for (const artifact::Membership& member : members) list.append(member_tuple(member));
  return list;
}

nb::dict registry_dict(const artifact::Registry& r) {
  nb::dict out;
  out["id"] = r.id;
  out["entity"] = to_text(r.entity);
  out["name"] = to_text(r.name);
  out["description"] = r.description ? nb::object(to_text(*r.description)) : nb::object(nb::none());
  out["restricted"] = r.access == artifact::RegistryAccess::kRestricted;
  out["all_types"] = r.all_types;
  out["types"] = text_tuple(r.types);
  out["created"] = r.created;
  out["updated"] = r.updated;
  return out;
}

std::optional<std::string> said(nb::handle fields, const char* key) {
  const nb::object found = item_of(fields, key);
  return found.is_valid() ? std::optional<std::string>(text_of(found)) : std::nullopt;
}

std::optional<artifact::RegistryAccess> access_in(nb::handle fields) {
  const nb::object found = item_of(fields, "restricted");
  if (!found.is_valid()) return std::nullopt;
  return nb::cast<bool>(found) ? artifact::RegistryAccess::kRestricted
                               : artifact::RegistryAccess::kOrganization;
}

// One that is there.
artifact::Registry registry_named(Artifacts& self, nb::handle entity, nb::handle name) {
  const std::string whose = text_of(entity);
  const std::string which = text_of(name);
  return value_or_raise(without_lock([&]() -> Result<artifact::Registry> {
    TREADLE_TRY(auto found, self.store().find_registry(whose, which));
    if (found) return *std::move(found);
    return fail(Errc::kNotFound, "There is no registry '" + which + "' of '" + whose + "'.");
  }));
}

nb::list collections(Artifacts& self, nb::handle fields) {
  artifact::CollectionFilter filter{.entity = text_in(fields, "entity"),
                                    .project = text_in(fields, "project"),
                                    .type = text_in(fields, "type"),
                                    .name = text_in(fields, "name"),
                                    .tag = text_in(fields, "tag")};
  nb::list list;
  for (const auto& each :
       value_or_raise(without_lock([&] { return self.store().collections(filter); }))) {
    list.append(collection_dict(each));
  }
  return list;
}

nb::tuple edit_version(Artifacts& self, nb::handle text, nb::handle fields) {
  const artifact::Version version = version_of(self, text);
  artifact::VersionEdit edit;
  edit.description = said(fields, "description");
  edit.metadata = said(fields, "metadata");
  if (item_of(fields, "ttl_seconds").is_valid())
    edit.ttl_seconds = integer_in(fields, "ttl_seconds", 0);
  edit.tags_to_add = texts_in(fields, "add_tags");
  edit.tags_to_remove = texts_in(fields, "remove_tags");
  return version_tuple(
      value_or_raise(without_lock([&] { return self.store().edit_version(version, edit); })));
}

nb::dict edit_collection(Artifacts& self, nb::handle name, nb::handle fields) {
  const ArtifactRef ref = ref_of(name);
  artifact::CollectionEdit edit;
  edit.name = said(fields, "name");
  edit.type = said(fields, "type");
  edit.description = said(fields, "description");
  edit.tags_to_add = texts_in(fields, "add_tags");
  edit.tags_to_remove = texts_in(fields, "remove_tags");
  return collection_dict(
      value_or_raise(without_lock([&] { return self.store().edit_collection(ref, edit); })));
}

nb::tuple link(Artifacts& self, nb::handle text, nb::handle target, nb::handle aliases,
               nb::handle by, bool protected_too) {
  const artifact::Version version = version_of(self, text);
  const ArtifactRef portfolio = ref_of(target);
  const std::vector<std::string> given = texts_of(aliases);
  artifact::ChangeOptions options = options_of(protected_too);
  options.by = text_of(by);
  return member_tuple(value_or_raise(
      without_lock([&] { return self.store().link(version, portfolio, given, options); })));
}

nb::list history(Artifacts& self, nb::handle name) {
  const ArtifactRef ref = ref_of(name);
  nb::list list;
  for (const artifact::MembershipEvent& event :
       value_or_raise(without_lock([&] { return self.store().history(ref); }))) {
    list.append(nb::make_tuple(to_text(event.action), to_text(event.version), event.index,
                               to_text(event.alias), event.at, to_text(event.by)));
  }
  return list;
}

nb::object find_registry(Artifacts& self, nb::handle entity, nb::handle name) {
  const std::string whose = text_of(entity);
  const std::string which = text_of(name);
  const auto found =
      value_or_raise(without_lock([&] { return self.store().find_registry(whose, which); }));
  return found ? nb::object(registry_dict(*found)) : nb::object(nb::none());
}

nb::dict create_registry(Artifacts& self, nb::handle fields) {
  artifact::RegistrySpec spec;
  spec.entity = text_in(fields, "entity");
  spec.name = text_in(fields, "name");
  spec.description = said(fields, "description");
  spec.access = access_in(fields).value_or(artifact::RegistryAccess::kOrganization);
  spec.types = texts_in(fields, "types");
  spec.all_types = spec.types.empty();
  return registry_dict(
      value_or_raise(without_lock([&] { return self.store().create_registry(spec); })));
}

nb::dict edit_registry(Artifacts& self, nb::handle entity, nb::handle name, nb::handle fields) {
  const artifact::Registry registry = registry_named(self, entity, name);
  artifact::RegistryEdit edit;
  edit.name = said(fields, "name");
  if (const auto text = said(fields, "description")) edit.description = text;
  edit.access = access_in(fields);
  if (const nb::object all = item_of(fields, "all_types"); all.is_valid())
    edit.all_types = nb::cast<bool>(all);
  edit.types_to_add = texts_in(fields, "add_types");
  return registry_dict(
      value_or_raise(without_lock([&] { return self.store().edit_registry(registry, edit); })));
}

void bind_versions(nb::class_<Artifacts>& artifacts) {
  artifacts.def("edit_version", edit_version)
      .def("delete_version",
           [](Artifacts& self, nb::handle text, bool with_aliases, bool protected_too) {
             const artifact::Version version = version_of(self, text);
             value_or_raise(without_lock([&] {
               return self.store().delete_version(version, with_aliases, options_of(protected_too));
             }));
           })
      .def("link", link)
      .def("unlink",
           [](Artifacts& self, nb::handle text, nb::handle target) {
             const artifact::Version version = version_of(self, text);
             const ArtifactRef ref = ref_of(target);
             value_or_raise(without_lock([&] { return self.store().unlink(version, ref); }));
           })
      .def("find_member",
           [](Artifacts& self, nb::handle text) {
             const ArtifactRef ref = ref_of(text);
             const auto found =
                 value_or_raise(without_lock([&] { return self.store().find_member(ref); }));
             return found ? nb::object(member_tuple(*found)) : nb::object(nb::none());
           })
      .def("memberships_of",
           [](Artifacts& self, nb::handle text) {
             const artifact::Version version = version_of(self, text);
             return members_list(value_or_raise(
                 without_lock([&] { return self.store().memberships_of(version); })));
           })
      .def("alias_in", [](Artifacts& self, nb::handle text, nb::handle name, nb::handle add,
                          nb::handle remove, bool protected_too) {
        const artifact::Version version = version_of(self, text);
        const ArtifactRef ref = ref_of(name);
        const std::vector<std::string> more = texts_of(add);
        const std::vector<std::string> less = texts_of(remove);
        value_or_raise(without_lock([&] {
          return self.store().change_aliases(version, ref, more, less, options_of(protected_too));
        }));
      });
}

void bind_collections(nb::class_<Artifacts>& artifacts) {
  artifacts.def("collections", collections)
      .def("find_collection",
           [](Artifacts& self, nb::handle name) {
             const ArtifactRef ref = ref_of(name);
             const auto found =
                 value_or_raise(without_lock([&] { return self.store().find_collection(ref); }));
             return found ? nb::object(collection_dict(*found)) : nb::object(nb::none());
           })
      .def("edit_collection", edit_collection)
      .def("delete_collection",
           [](Artifacts& self, nb::handle name, bool with_aliases) {
             const ArtifactRef ref = ref_of(name);
             value_or_raise(
                 without_lock([&] { return self.store().delete_collection(ref, with_aliases); }));
           })
      .def("members",
           [](Artifacts& self, nb::handle name) {
             const ArtifactRef ref = ref_of(name);
             return members_list(
                 value_or_raise(without_lock([&] { return self.store().members(ref); })));
           })
      .def("history", history)
      .def("protect",
           [](Artifacts& self, nb::handle name, nb::handle alias, bool on) {
             const ArtifactRef ref = ref_of(name);
             const std::string which = text_of(alias);
             value_or_raise(
                 without_lock([&] { return self.store().protect_alias(ref, which, on); }));
           })
      .def("types", [](Artifacts& self, nb::handle entity, nb::handle project) {
        const std::string whose = text_of(entity);
        const std::string where = text_of(project);
        nb::list list;
        for (const artifact::ArtifactType& type :
             value_or_raise(without_lock([&] { return self.store().types(whose, where); }))) {
          list.append(nb::make_tuple(to_text(type.entity), to_text(type.project),
                                     to_text(type.name), to_text(type.description)));
        }
        return list;
      });
}

}  // namespace

void bind_catalog(nb::class_<Artifacts>& artifacts) {
  bind_versions(artifacts);
  bind_collections(artifacts);
  artifacts
      .def("registries",
           [](Artifacts& self, nb::handle entity) {
             const std::string whose = text_of(entity);
             nb::list list;
             for (const artifact::Registry& each :
                  value_or_raise(without_lock([&] { return self.store().registries(whose); }))) {
               list.append(registry_dict(each));
             }
             return list;
           })
      .def("find_registry", find_registry)
      .def("create_registry", create_registry)
      .def("edit_registry", edit_registry)
      .def("delete_registry",
           [](Artifacts& self, nb::handle entity, nb::handle name, bool protected_too) {
             const artifact::Registry registry = registry_named(self, entity, name);
             value_or_raise(without_lock([&] {
               return self.store().delete_registry(registry, options_of(protected_too));
             }));
           });
}

}  // namespace treadle::python
