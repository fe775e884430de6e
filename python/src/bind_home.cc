// treadle._core.Home: what the record and the store hold, read from Python.
#include "bindings.h"
#include "codec.h"
#include "convert.h"
#include "home.h"

namespace treadle::python {
namespace {

db::Durability durability_of(const std::string& name) {
  if (name == "full") return db::Durability::kFull;
  if (name == "off") return db::Durability::kOff;
  if (name == "normal") return db::Durability::kNormal;
  raise("CheckError", "durability must be \"full\", \"normal\" or \"off\", not \"" + name + "\".");
}

void open(PythonHome* self, nb::handle path, nb::handle durability, bool read_only,
          bool temporary) {
  app::HomeOptions options;
  options.path = text_of(path);
  options.durability = durability_of(text_of(durability));
  options.read_only = read_only;
  options.temporary = temporary;
  new (self) PythonHome{value_or_raise(without_lock([&] { return app::Home::open(options); }))};
}

nb::list texts(const std::vector<std::string>& items) {
  nb::list list;
  for (const std::string& item : items) list.append(to_text(item));
  return list;
}

nb::tuple run_tuple(const Run& run) {
  nb::dict tags;
  for (const auto& [name, value] : run.tags) tags[to_text(name)] = to_text(value);
  return nb::make_tuple(to_text(run.run_id), to_text(run.job_name), to_text(to_string(run.status)),
                        tags, texts(run.step_keys), to_text(run.run_config),
                        to_text(run.root_run_id), to_text(run.parent_run_id), run.number,
                        run.created, run.started, run.finished, to_text(run.selection));
}

std::map<std::string, std::string> map_of(nb::handle mapping) {
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : nb::cast<nb::dict>(mapping)) {
    map.emplace(text_of(key), text_of(value));
  }
  return map;
}

void add_run(PythonHome& self, nb::handle run_id, nb::handle job_name, nb::handle status,
             nb::handle tags, nb::handle run_config, nb::handle root, nb::handle parent) {
  Run run;
  run.run_id = text_of(run_id);
  run.job_name = text_of(job_name);
  if (const auto known = run_status_from(text_of(status))) run.status = *known;
  run.created = system_clock().now();
  run.tags = map_of(tags);
  run.run_config = text_of(run_config);
  run.root_run_id = text_of(root);
  run.parent_run_id = text_of(parent);
  value_or_raise(self.home->record().add_run(run));
}

nb::object find_run(PythonHome& self, nb::handle run_id) {
  const auto run = value_or_raise(self.home->record().find_run(text_of(run_id)));
  return run ? nb::object(run_tuple(*run)) : nb::object(nb::none());
}

nb::list runs(PythonHome& self, nb::handle job_name, nb::handle statuses, nb::handle tags,
              int limit) {
  events::RunFilter filter;
  filter.job_name = text_of(job_name);
  for (const std::string& name : texts_of(statuses)) {
    if (const auto status = run_status_from(name)) filter.statuses.push_back(*status);
  }
  filter.tags = map_of(tags);
  filter.limit = limit;
  const auto found = value_or_raise(without_lock([&] { return self.home->record().runs(filter); }));
  nb::list list;
  for (const Run& run : found) list.append(run_tuple(run));
  return list;
}

nb::list find_events(PythonHome& self, nb::handle run_id, nb::handle asset, nb::handle types,
                     std::int64_t after_id, int limit, bool newest_first, std::int64_t before_id) {
  events::EventFilter filter;
  filter.run_id = text_of(run_id);
  filter.asset_key = text_of(asset);
  for (const std::string& name : texts_of(types)) {
    if (const auto type = event_type_from(name)) filter.types.push_back(*type);
  }
  if (filter.types.empty() && nb::len(types) > 0) return {};  // none that is ever recorded
  filter.after_id = after_id;
  filter.before_id = before_id;
  filter.limit = limit;
  filter.newest_first = newest_first;
  const auto found =
      value_or_raise(without_lock([&] { return self.home->record().events(filter); }));
  nb::list list;
  for (const Event& event : found) list.append(to_tuple(event));
  return list;
}

nb::list latest_materializations(PythonHome& self, nb::handle asset) {
  const auto found =
      value_or_raise(self.home->record().latest_materializations(AssetKey(text_of(asset))));
  nb::list list;
  for (const events::LatestMaterialization& m : found) {
    nb::list inputs;
    for (const Provenance::Input& input : m.provenance.inputs) {
      inputs.append(nb::make_tuple(to_text(input.asset.text()), to_text(input.data_version)));
    }
    list.append(nb::make_tuple(to_text(m.asset.text()), to_text(m.run_id), to_text(m.step_key),
                               m.time, to_text(m.provenance.code_version),
                               to_text(m.provenance.data_version), inputs,
                               to_text(m.provenance.artifact), to_text(m.partition), m.event_id));
  }
  return list;
}

nb::list asset_keys(PythonHome& self) {
  nb::list list;
  for (const AssetKey& key : value_or_raise(self.home->record().asset_keys())) {
    list.append(to_text(key.text()));
  }
  return list;
}

nb::object load_asset_value(PythonHome& self, nb::handle asset, nb::handle run_id,
                            nb::handle partition) {
  const AssetKey key(text_of(asset));
  const std::string run = text_of(run_id), of_partition = text_of(partition);
  const Value value = value_or_raise(without_lock(
      [&] { return app::load_asset_value(*self.home, key, *python_codec(), run, of_partition); }));
  return object_in(value);
}

nb::object load_artifact(PythonHome& self, nb::handle artifact) {
  const std::string name = text_of(artifact);
  return object_in(value_or_raise(
      without_lock([&] { return app::load_artifact_value(*self.home, name, *python_codec()); })));
}

}  // namespace

void bind_home(nb::module_& module) {
  nb::class_<PythonHome>(module, "Home")
      .def("__init__", open, nb::arg("path"), nb::arg("durability") = "normal",
           nb::arg("read_only") = false, nb::arg("temporary") = false)
      .def_prop_ro("path", [](PythonHome& s) { return to_text(s.home->path()); })
      .def_prop_ro("logs_folder", [](PythonHome& s) { return to_text(s.home->logs_folder()); })
      .def("find_run", find_run)
      .def("runs", runs)
      .def("add_run_tags",
           [](PythonHome& s, nb::handle run_id, nb::handle tags) {
             value_or_raise(s.home->record().add_run_tags(text_of(run_id), map_of(tags)));
           })
      .def("events", find_events, nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(),
           nb::arg("before_id") = 0)
      .def("wipe_asset",
           [](PythonHome& s, nb::handle asset) {
             value_or_raise(s.home->record().wipe_asset(AssetKey(text_of(asset))));
           })
      .def("delete_run",
           [](PythonHome& s, nb::handle run_id) {
             value_or_raise(s.home->record().delete_run(text_of(run_id)));
           })
      .def("add_run", add_run)
      .def("values",
           [](PythonHome& s, nb::handle keys) {
             nb::dict found;
             for (const auto& [name, value] :
                  value_or_raise(s.home->record().values(texts_of(keys)))) {
               found[to_text(name)] = to_text(value);
             }
             return found;
           })
      .def("set_values",
           [](PythonHome& s, nb::handle values) {
             value_or_raise(s.home->record().set_values(map_of(values)));
           })
      .def("latest_materializations", latest_materializations)
      .def("asset_keys", asset_keys)
      .def("load_asset_value", load_asset_value, nb::arg(), nb::arg(), nb::arg() = "")
      .def("load_artifact", load_artifact)
      .def("report_event",
           [](PythonHome& s, nb::handle kind, nb::handle asset, nb::handle partition,
              nb::handle message, nb::handle metadata, nb::handle rest) {
             value_or_raise(
                 s.home->record().report(fact_of(kind, asset, partition, message, metadata, rest)));
           });
}

}  // namespace treadle::python
