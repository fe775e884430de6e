#include <treadle/base/files.h>
#include <treadle/base/suggest.h>
#include <treadle/cpp/context.h>
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

}  // namespace treadle
