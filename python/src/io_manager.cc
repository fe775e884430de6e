#include "io_manager.h"

#include "bindings.h"
#include "codec.h"
#include "convert.h"
#include "home.h"
#include "partitions.h"
#include "step_body.h"
#include <treadle/define/definitions.h>
#include <treadle/io/versioned_files.h>

#include <mutex>
#include <unordered_map>

namespace treadle::python {
namespace {

nb::list stored_tuples(const std::vector<StoredPartition>& stored) {
  nb::list list;
  for (const StoredPartition& one : stored) {
    list.append(nb::make_tuple(to_text(one.key), to_text(one.data_version), to_text(one.artifact)));
  }
  return list;
}

bool is_none(const Value& value) {
  const nb::gil_scoped_acquire lock;
  return object_in(value).is_none();
}

class PythonIOManager final : public IOManager {
 public:
  PythonIOManager(nb::object holder, std::vector<std::string> required)
      : holder_(std::move(holder)), required_(std::move(required)) {}

  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    const nb::gil_scoped_acquire gil;
    const StepScope step(context.step);
    try {
      const std::string metadata =
          context.output_metadata.empty() ? "" : metadata_to_json(context.output_metadata);
      const nb::object told = holder_.get().attr("handle_output")(
          step.object(), to_text(context.output.name), to_text(context.output.asset.key.text()),
          to_text(metadata), object_in(value), to_text(context.mapping_key),
          slice_tuple(context.partitions));
      if (nb::isinstance<NativeIOManager>(told))
        return without_lock([&] {
          return nb::cast<NativeIOManager&>(told).manager->handle_output(context, value);
        });
      const Items items(told);
      context.metadata = metadata_of(items.at(0));
      context.data_version = items.text(1);
      context.artifact = items.text(2);
      const Items stored(items.at(3));
      for (std::size_t i = 0; i < stored.size(); ++i) {
        const Items one(stored.at(i));
        context.stored.push_back({one.text(0), one.text(1), one.text(2)});
      }
    } catch (nb::python_error& error) {
      return tl::unexpected<StepFailure>(step.failure(error));
    }
    return {};
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    const nb::gil_scoped_acquire gil;
    const StepScope step(context.step);
    try {
      const nb::object upstream = context.upstream_output == nullptr
                                      ? nb::object(nb::none())
                                      : nb::object(to_text(context.upstream_output->name));
      const nb::object told = holder_.get().attr("load_input")(
          step.object(), to_text(context.input.name), to_text(context.asset.text()),
          to_text(context.upstream_step), upstream, to_text(context.artifact),
          to_text(context.upstream_run), to_text(context.upstream_mapping_key),
          slice_tuple(context.partitions), stored_tuples(context.stored));
      if (nb::isinstance<NativeIOManager>(told))
        return without_lock(
            [&] { return nb::cast<NativeIOManager&>(told).manager->load_input(context); });
      const Items items(told);
      context.metadata = metadata_of(items.at(1));
      context.data_version = items.text(2);
      return value_of(nb::borrow(items.at(0)));
    } catch (nb::python_error& error) {
      return tl::unexpected<StepFailure>(step.failure(error));
    }
  }

  std::vector<std::string> required_resources() const override { return required_; }

 private:
  Object holder_;
  std::vector<std::string> required_;
};

class MemoryIOManager final : public IOManager {
 public:
  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    const std::lock_guard lock(mutex_);
    const AssetKey& asset = context.output.asset.key;
    if (context.partitions != nullptr && context.partitions->subset.size() == 1) {
      values_.insert_or_assign(place_of(asset, context.partitions->keys().front()), value);
      return {};
    }
    if (context.partitions != nullptr && !is_none(value)) {
      const std::vector<std::string> keys = context.partitions->keys();
      // A value that does not hold each partition by itself is that of all of them.
      if (auto parts = python_codec()->split(value, keys)) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
          values_.insert_or_assign(place_of(asset, keys[i]), (*parts)[i]);
        }
        return {};
      }
    }
    values_.insert_or_assign(asset.empty()
                                 ? place_of(context.step.run_id(), context.step.step_key(),
                                            context.output.name, context.mapping_key)
                                 : asset.text(),
                             value);
    return {};
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    const std::lock_guard lock(mutex_);
    if (context.partitions != nullptr) {
      std::vector<std::pair<std::string, Value>> found;
      const std::vector<std::string> keys = context.partitions->keys();
      for (const std::string& key : keys) {
        const auto at = values_.find(place_of(context.asset, key));
        if (at != values_.end()) found.emplace_back(key, at->second);
      }
      if (found.size() == keys.size() && keys.size() == 1) return found.front().second;
      if (found.size() == keys.size()) {
        const nb::gil_scoped_acquire gil;
        nb::dict all;
        for (const auto& [key, value] : found) all[to_text(key)] = object_in(value);
        return value_of(std::move(all));
      }
    }
    const auto at = values_.find(
        context.asset.empty()
            ? place_of(context.upstream_run, context.upstream_step,
                       context.upstream_output != nullptr ? context.upstream_output->name : "",
                       context.upstream_mapping_key)
            : context.asset.text());
    if (at != values_.end()) return at->second;
    StepFailure failure;
    failure.error_class = "DagsterInvariantViolationError";
    if (context.asset.empty()) {
      failure.message = "The output of step \"" + context.upstream_step + "\" that input '" +
                        context.input.name + "' of step \"" + context.step.step_key() +
                        "\" reads is not in memory: that step has not run, or has stored no value.";
      return tl::unexpected<StepFailure>(std::move(failure));
    }
    failure.message = "Asset '" + context.asset.text() +
                      "' has no value in memory: it was not materialized in this run, or has no "
                      "value. Add it to the run, or depend on it without a value.";
    return tl::unexpected<StepFailure>(std::move(failure));
  }

 private:
  // Of an output that is no asset: begins with a line break, as no asset key does.
  static std::string place_of(const std::string& run, const std::string& step,
                              const std::string& output, const std::string& mapping_key) {
    return "\n" + run + "\n" + step + "\n" + output + "\n" + mapping_key;
  }

  static std::string place_of(const AssetKey& asset, const std::string& partition) {
    return asset.text() + "\n" + partition;
  }

  std::mutex mutex_;
  std::unordered_map<std::string, Value> values_;
};

}  // namespace

void bind_native_io_manager(nb::module_& module) {
  nb::class_<NativeIOManager>(module, "NativeIOManager")
      .def_static("plain_files",
                  [](PythonHome& home, nb::handle folder) {
                    io::PlainFilesOptions options;
                    options.folder = text_of(folder);
                    options.signing_key = home.home->signing_key();
                    return NativeIOManager{io::make_plain_files_io_manager(std::move(options))};
                  })
      .def_static("git", [](PythonHome& home, nb::handle repository, nb::handle branch,
                            nb::handle folder, nb::handle push_to) {
        io::GitOptions options;
        options.repository = text_of(repository);
        options.branch = text_of(branch);
        options.folder = text_of(folder);
        options.push_to = text_of(push_to);
        options.cache_folder = home.home->cache_folder();
        options.signing_key = home.home->signing_key();
        return NativeIOManager{io::make_git_io_manager(std::move(options))};
      });
}

std::shared_ptr<IOManager> make_python_io_manager(nb::object holder,
                                                  std::vector<std::string> required) {
  return std::make_shared<PythonIOManager>(std::move(holder), std::move(required));
}

std::shared_ptr<IOManager> make_memory_io_manager() {
  return std::make_shared<MemoryIOManager>();
}

}  // namespace treadle::python
