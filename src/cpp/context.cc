#include <treadle/base/files.h>
#include <treadle/base/suggest.h>
#include <treadle/cpp/context.h>
#include <treadle/cpp/returned.h>
#include <treadle/define/type_name.h>

#include <cstdlib>

namespace treadle {
namespace {

constexpr std::size_t kEveryOutput = ~std::size_t{0};

}  // namespace

Context::~Context() {
  // Nothing to be done about a folder that cannot be removed: it is in the system's temporary
  // folder.
  if (!scratch_.empty()) (void)remove_tree(scratch_);
}

void Context::add_metadata(std::string name, MetadataValue value) {
  added_.emplace_back(kEveryOutput, std::pair(std::move(name), std::move(value)));
}

void Context::add_metadata(const AssetKey& asset, std::string name, MetadataValue value) {
  added_.emplace_back(output_of(asset), std::pair(std::move(name), std::move(value)));
}

void Context::merge_metadata(std::size_t output, Metadata& into) const {
  for (const auto& [which, fact] : added_) {
    if (which == kEveryOutput || which == output) set_metadata(into, fact.first, fact.second);
  }
}

bool Context::wants(const AssetKey& asset) const {
  return step_.output_selected(output_of(asset));
}

bool Context::wants_check(const std::string& name) const {
  return step_.check_selected(check_of(name));
}

void Context::check(const std::string& name, CheckResult result) {
  cpp::report_check(*this, check_of(name), std::move(result));
}

std::size_t Context::check_of(const std::string& name) const {
  std::vector<std::string> names;
  if (const StepDef* def = step_.definition()) {
    for (std::size_t i = 0; i < def->checks.size(); ++i) {
      if (def->checks[i].name == name) return i;
      names.push_back(def->checks[i].name);
    }
  }
  throw Failure("Step '" + step_key() + "' has no check '" + name +
                    "': name it in `checks` of its options." + did_you_mean(name, names),
                {}, false);
}

void cpp::report_check(Context& context, std::size_t check, CheckResult result) {
  CheckReport report;
  report.check = check;
  report.passed = result.passed;
  report.error_severity = result.severity == Severity::kError;
  report.description = std::move(result.description);
  report.metadata = std::move(result.metadata);
  if (auto done = context.step().report_check(std::move(report)); !done) {
    throw std::move(done).error();
  }
}

std::size_t Context::output_of(const AssetKey& asset) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i] == asset) return i;
    names.push_back(outputs_[i].text());
  }
  throw Failure("Step '" + step_key() + "' does not make the asset '" + asset.text() + "'." +
                    did_you_mean(asset.text(), names),
                {}, false);
}

void Context::throw_no_resource(const std::string& key, const std::type_info& wanted) {
  throw Failure("Resource '" + key + "' is no " + type_name(wanted) +
                    ". Ask for the type that defs.resource(\"" + key + "\", ...) makes.",
                {}, false);
}

std::string Context::scratch_path(std::string_view name) {
  if (scratch_.empty()) {
    const char* base = std::getenv("TMPDIR");
    std::string pattern =
        join_path(base != nullptr && *base != '\0' ? base : "/tmp", "treadle-XXXXXX");
    if (::mkdtemp(pattern.data()) == nullptr)
      throw Failure(errno_error("cannot make a scratch folder like " + pattern, errno).message);
    scratch_ = std::move(pattern);
  }
  return join_path(scratch_, name);
}

namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Failure(message, {}, false);
}

PartitionKeyRange range_of(const PartitionSlice& slice, const std::string& whose) {
  if (slice.subset.empty()) refuse(whose + " reads no partitions, so there is no range of them.");
  return {slice.set.key(slice.subset.first()), slice.set.key(slice.subset.last())};
}

TimeWindow window_of(const PartitionSlice& slice, const std::string& whose) {
  if (slice.subset.empty()) refuse(whose + " reads no partitions, so there is no window of them.");
  const auto first = slice.set.window(slice.subset.first());
  const auto last = slice.set.window(slice.subset.last());
  if (!first || !last) {
    refuse(whose + " has the partitions '" + slice.set.definition()->description() +
           "', which are no windows of time: ask for the keys.");
  }
  return {first->start, last->end};
}

}  // namespace

const PartitionSlice& Context::own_partitions() const {
  if (const PartitionSlice* own = step_.partitions()) return *own;
  refuse("Step '" + step_key() +
         "' is run without partitions. Give its asset partitions, and the run a partition key; ask "
         "has_partition_key() where there may be none.");
}

const PartitionSlice& Context::partitions_read(const AssetKey& input) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    names.push_back(inputs_[i].text());
    if (inputs_[i] != input) continue;
    if (const PartitionSlice* read = step_.input_partitions(i)) return *read;
    refuse("Asset '" + input.text() + "' has no partitions.");
  }
  refuse("Step '" + step_key() + "' does not read the asset '" + input.text() + "'." +
         did_you_mean(input.text(), names));
}

std::string Context::partition_key() const {
  const PartitionSlice& own = own_partitions();
  if (own.subset.size() != 1) {
    refuse("Step '" + step_key() + "' computes " + std::to_string(own.subset.size()) +
           " partitions in this run: use partition_keys(), or a backfill policy of one a run.");
  }
  return own.set.key(own.subset.first());
}

std::vector<std::string> Context::partition_keys() const {
  return own_partitions().keys();
}

PartitionKeyRange Context::partition_key_range() const {
  return range_of(own_partitions(), "Step '" + step_key() + "'");
}

TimeWindow Context::partition_time_window() const {
  return window_of(own_partitions(), "Step '" + step_key() + "'");
}

std::map<std::string, std::string> Context::multi_partition_key() const {
  const PartitionSlice& own = own_partitions();
  const std::string key = partition_key();
  if (own.set.dimensions().empty()) {
    refuse("Partition '" + key + "' of step '" + step_key() + "' has one dimension only.");
  }
  std::map<std::string, std::string> keys;
  const std::vector<std::int64_t> numbers = own.set.split(own.subset.first());
  const auto& names = own.set.definition()->as_multi()->dimensions;
  for (std::size_t d = 0; d < numbers.size(); ++d) {
    keys[names[d].name] = own.set.dimensions()[d].key(numbers[d]);
  }
  return keys;
}

std::vector<std::string> Context::partition_keys_of(const AssetKey& input) const {
  return partitions_read(input).keys();
}

PartitionKeyRange Context::partition_key_range_of(const AssetKey& input) const {
  return range_of(partitions_read(input), "Asset '" + input.text() + "'");
}

TimeWindow Context::partition_time_window_of(const AssetKey& input) const {
  return window_of(partitions_read(input), "Asset '" + input.text() + "'");
}

}  // namespace treadle
