// The rules that names follow: asset keys, groups, owners, tags and kinds. Dagster's rules.
#include "problem_finder.h"

#include <algorithm>

namespace treadle {
namespace {

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Only characters of letters, digits and `extra`.
bool consists_of(std::string_view text, std::string_view extra) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || extra.find(c) != std::string_view::npos;
  });
}

bool is_group(std::string_view group) {
  while (true) {
    const std::size_t slash = group.find('/');
    const std::string_view segment = group.substr(0, slash);
    if (segment.empty() || !consists_of(segment, "_")) return false;
    if (slash == std::string_view::npos) return true;
    group.remove_prefix(slash + 1);
  }
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos) return false;
  const std::string_view domain = text.substr(at + 1);
  const std::size_t dot = domain.rfind('.');
  if (dot == 0 || dot == std::string_view::npos || domain.size() - dot < 3) return false;
  const std::string_view top = domain.substr(dot + 1);
  return consists_of(text.substr(0, at), "._%+-") && consists_of(domain, ".-") &&
         std::all_of(top.begin(), top.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

bool is_tag_word(std::string_view text) {
  return !text.empty() && text.size() <= 63 && consists_of(text, "_-.");
}

bool is_tag_key(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return is_tag_word(key);
  return is_tag_word(key.substr(0, slash)) && is_tag_word(key.substr(slash + 1));
}

}  // namespace

void check_naming(const AssetInfo& asset, const Place& place, Findings& findings) {
  const std::string& key = asset.key.text();
  if (const Result<void> checked = asset.key.check(); !checked) {
    findings.add("bad_key", key, place, checked.error().message, "");
  }
  if (!is_group(asset.group)) {
    findings.add("bad_group", key, place,
                 "Asset '" + key + "' is in group '" + asset.group + "', which is no group name.",
                 "Use letters, digits and '_', in one or more parts joined by '/'.");
  }
  for (const std::string& owner : asset.owners) {
    if (is_email(owner) || (owner.starts_with("team:") && owner.size() > 5)) continue;
    findings.add("bad_owner", key, place,
                 "Asset '" + key + "' has owner '" + owner +
                     "', which is neither an e-mail address nor a team.",
                 "Write an address like 'ana@example.com' or a team like 'team:data'.");
  }
  for (const auto& [name, value] : asset.tags) {
    if (!is_tag_key(name)) {
      findings.add("bad_tag", key, place,
                   "Asset '" + key + "' has a tag with the key '" + name + "'.",
                   "Use letters, digits, '_', '-' and '.', at most 63 of them; one '/' may "
                   "separate a namespace.");
    } else if (!value.empty() && !is_tag_word(value)) {
      findings.add("bad_tag", key, place,
                   "Asset '" + key + "' has tag '" + name + "' with the value '" + value + "'.",
                   "Use letters, digits, '_', '-' and '.', at most 63 of them.");
    }
  }
  for (const std::string& kind : asset.kinds) {
    if (is_tag_word(kind)) continue;
    findings.add("bad_kind", key, place, "Asset '" + key + "' is of kind '" + kind + "'.",
                 "Use letters, digits, '_', '-' and '.', at most 63 of them.");
  }
}

}  // namespace treadle
