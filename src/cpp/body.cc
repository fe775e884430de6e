#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/cpp/body.h>
#include <treadle/define/partition_set.h>

#include <cstring>
#include <elf.h>
#include <link.h>
#include <map>
#include <mutex>

namespace treadle::cpp {

StepOutcome FunctionBody::run(StepContext& step) {
  Context context(step, outputs_, inputs_);
  try {
    call(context);
    return {};
  } catch (...) {
    return tl::make_unexpected(current_exception_failure());
  }
}

std::string FunctionBody::derived_code_version() {
  return build_version(code_);
}

void set_body(StepDef& step, std::unique_ptr<FunctionBody> body, const void* code) {
  for (std::size_t i = 0; i < step.outputs.size(); ++i) {
    body->outputs_.push_back(step.observes.empty() ? step.outputs[i].asset.key : step.observes[i]);
  }
  for (const auto& input : step.inputs) body->inputs_.push_back(input.asset);
  body->code_ = code;
  step.body = std::move(body);
}

void hand_over(Context& context, std::size_t index, Value value, const std::type_info* type) {
  hand_over(context, index, std::move(value), type, Output<void>());
}

void hand_over(Context& context, std::size_t index, Value value, const std::type_info* type,
               Output<void> facts) {
  OutputReport report;
  report.output = index;
  report.value = std::move(value);
  report.type_name = type == nullptr ? "Nothing" : type_name(*type);
  report.metadata = std::move(facts.metadata);
  if (!facts.data_version.empty()) report.data_version = std::move(facts.data_version);
  report.tags = std::move(facts.tags);
  context.merge_metadata(index, report.metadata);
  if (auto done = context.step().handle_output(std::move(report)); !done) {
    throw std::move(done).error();
  }
  for (auto& [name, result] : facts.checks) context.check(name, std::move(result));
}

bool is_only_partition(Context& context, const std::string& key) {
  const PartitionSlice* own = context.step().partitions();
  return own != nullptr && own->subset.size() == 1 && own->set.key(own->subset.first()) == key;
}

bool is_wanted(Context& context, std::size_t index) {
  return context.step().output_selected(index);
}

namespace {

// What an asset's input is called in the record: the last part of its key, made unique.
std::string input_name(const StepDef& step, const AssetKey& asset) {
  const std::string base = asset.parts().empty() ? "input" : asset.parts().back();
  std::string name = base;
  for (int number = 2;; ++number) {
    bool taken = false;
    for (const auto& input : step.inputs) taken = taken || input.name == name;
    if (!taken) return name;
    name = base + "_" + std::to_string(number);
  }
}

}  // namespace

void declare_input(StepDef& step, AssetKey asset, const std::type_info* type,
                   std::shared_ptr<const Codec> codec) {
  InputDef input;
  input.name = input_name(step, asset);
  input.asset = std::move(asset);
  input.type = type;
  input.codec = std::move(codec);
  step.inputs.push_back(std::move(input));
}

void declare_order(StepDef& step, AssetKey asset, PartitionMappingPtr mapping) {
  InputDef input;
  input.asset = std::move(asset);
  input.loads_value = false;
  input.partition_mapping = std::move(mapping);
  step.inputs.push_back(std::move(input));
}

Value load_input(Context& context, std::size_t input, const std::type_info& wanted) {
  const PartitionSlice* read = context.step().input_partitions(input);
  if (read != nullptr && read->subset.size() != 1) {
    throw to_failure("Input " + std::to_string(input + 1) + " of step '" + context.step_key() +
                     "' reads " + std::to_string(read->subset.size()) +
                     " partitions, but the function takes the value of one. Wire it as "
                     "td::by_partition(asset), for a parameter const td::ByPartition<T>&.");
  }
  auto value = context.step().load_input(input);
  if (!value) throw std::move(value).error();
  if (value->type() == nullptr || *value->type() != wanted) {
    throw to_failure("Input " + std::to_string(input + 1) + " of step '" + context.step_key() +
                     "' came as " + (*value ? type_name(*value->type()) : "nothing") +
                     ", but the function takes a " + type_name(wanted) +
                     ". Its IO manager must load what the function takes.");
  }
  return std::move(*value);
}

Value load_partitions(Context& context, std::size_t input, const std::type_info& wanted,
                      const std::type_info& all, std::string& key) {
  const PartitionSlice* read = context.step().input_partitions(input);
  if (read == nullptr) {
    throw to_failure("Input " + std::to_string(input + 1) + " of step '" + context.step_key() +
                     "' has no partitions: wire the asset itself instead of td::by_partition.");
  }
  if (read->subset.size() == 1) {
    key = read->set.key(read->subset.first());
    return load_input(context, input, wanted);
  }
  auto value = context.step().load_input(input);
  if (!value) throw std::move(value).error();
  if (*value && *value->type() != all) {
    throw to_failure("Input " + std::to_string(input + 1) + " of step '" + context.step_key() +
                     "' came as " + type_name(*value->type()) +
                     ". Its IO manager must load several partitions as a td::ByPartition of " +
                     type_name(wanted) + ".");
  }
  return std::move(*value);
}

namespace {

// The linker's build id of the loaded object that holds an address, and the object's file.
struct LoadedObject {
  const void* address;
  std::string build_id;
  std::string path;
};

bool contains(const dl_phdr_info& object, const void* address) {
  const auto at = reinterpret_cast<ElfW(Addr)>(address);
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const auto& segment = object.dlpi_phdr[i];
    const ElfW(Addr) start = object.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && at >= start && at < start + segment.p_memsz) return true;
  }
  return false;
}

std::string build_id_in(std::string_view notes) {
  const auto aligned = [](std::size_t size) { return (size + 3) & ~std::size_t{3}; };
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::size_t name_size = aligned(note.n_namesz);
    const std::size_t size = name_size + aligned(note.n_descsz);
    if (notes.size() < size) return {};
    if (note.n_type == NT_GNU_BUILD_ID &&
        notes.substr(0, note.n_namesz) == std::string_view("GNU\0", 4))
      return to_hex(notes.substr(name_size, note.n_descsz));
    notes.remove_prefix(size);
  }
  return {};
}

int look_into(dl_phdr_info* object, std::size_t, void* data) {
  auto& wanted = *static_cast<LoadedObject*>(data);
  if (!contains(*object, wanted.address)) return 0;
  wanted.path = object->dlpi_name;
  for (int i = 0; i < object->dlpi_phnum && wanted.build_id.empty(); ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* start = reinterpret_cast<const char*>(object->dlpi_addr + segment.p_vaddr);
    wanted.build_id = build_id_in({start, segment.p_memsz});
  }
  return 1;
}

std::string file_digest(const std::string& path) {
  auto bytes = read_file(real_files(), path);
  return bytes ? to_hex(sha256(*bytes)) : std::string();
}

}  // namespace

std::string build_version(const void* code) {
  static std::mutex mutex;
  static std::map<const void*, std::string> known;
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(code); found != known.end()) return found->second;
  LoadedObject object{code, {}, {}};
  dl_iterate_phdr(look_into, &object);
  std::string id = std::move(object.build_id);
  if (id.empty()) id = file_digest(object.path.empty() ? "/proc/self/exe" : object.path);
  std::string version = id.empty() ? std::string() : "build:" + id.substr(0, 16);
  known.emplace(code, version);
  return version;
}

}  // namespace treadle::cpp
