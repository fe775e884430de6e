#include <treadle/artifact/diff.h>
#include <treadle/base/json_parse.h>

#include <boost/json.hpp>

#include <map>

namespace treadle::artifact {
namespace {

bool same_content(const Entry& a, const Entry& b) {
  return a.md5 == b.md5 && a.sha256 == b.sha256 && a.reference == b.reference;
}

// Of what was removed, by content: where added files may have come from.
std::string content_key(const Entry& entry) {
  if (!entry.reference.empty()) return entry.reference + "\n" + entry.md5;
  return entry.sha256.empty() ? entry.md5 : entry.sha256;  // a server tells no SHA-256
}

using Flat = std::map<std::string, std::string>;

void flatten(const boost::json::value& value, const std::string& key, Flat& out) {
  const boost::json::object* object = value.if_object();
  if (object == nullptr || (object->empty() && !key.empty())) {
    out[key] = json_value_text(value);
    return;
  }
  for (const auto& [name, member] : *object) {
    flatten(member, key.empty() ? std::string(name) : key + "." + std::string(name), out);
  }
}

// Metadata as Python writes it may hold NaN, which is no JSON: then it is compared as one text.
Flat flat_metadata(const std::string& text) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(text, error);
  Flat out;
  if (error) {
    out[""] = text;
  } else {
    flatten(value, "", out);
  }
  return out;
}

std::vector<MetadataChange> diff_metadata(const std::string& before, const std::string& after) {
  std::vector<MetadataChange> out;
  const Flat a = flat_metadata(before);
  const Flat b = flat_metadata(after);
  for (const auto& [key, text] : a) {
    const auto it = b.find(key);
    if (it == b.end()) {
      out.push_back({key, text, ""});
    } else if (it->second != text) {
      out.push_back({key, text, it->second});
    }
  }
  for (const auto& [key, text] : b) {
    if (!a.contains(key)) out.push_back({key, "", text});
  }
  return out;
}

}  // namespace

VersionDiff diff_entries(const std::vector<Entry>& before, const std::vector<Entry>& after) {
  VersionDiff out;
  auto a = before.begin();
  auto b = after.begin();
  while (a != before.end() || b != after.end()) {
    if (b == after.end() || (a != before.end() && a->path < b->path)) {
      out.entries.push_back({EntryChange::Kind::kRemoved, a->path, "", *a, {}});
      ++a;
    } else if (a == before.end() || b->path < a->path) {
      out.entries.push_back({EntryChange::Kind::kAdded, b->path, "", {}, *b});
      ++b;
    } else {
      if (same_content(*a, *b)) {
        ++out.same;
      } else {
        out.entries.push_back({EntryChange::Kind::kChanged, b->path, "", *a, *b});
      }
      ++a;
      ++b;
    }
  }
  std::multimap<std::string, std::size_t> removed;
  for (std::size_t i = 0; i < out.entries.size(); ++i) {
    if (out.entries[i].kind == EntryChange::Kind::kRemoved) {
      removed.emplace(content_key(out.entries[i].before), i);
    }
  }
  std::vector<bool> gone(out.entries.size());
  for (EntryChange& change : out.entries) {
    if (change.kind != EntryChange::Kind::kAdded) continue;
    const auto it = removed.find(content_key(change.after));
    if (it == removed.end()) continue;
    change.kind = EntryChange::Kind::kMoved;
    change.before = out.entries[it->second].before;
    change.from = change.before.path;
    gone[it->second] = true;
    removed.erase(it);
  }
  std::vector<EntryChange> kept;
  for (std::size_t i = 0; i < out.entries.size(); ++i) {
    if (!gone[i]) kept.push_back(std::move(out.entries[i]));
  }
  out.entries = std::move(kept);
  return out;
}

Result<VersionDiff> diff(ArtifactService& artifacts, const Version& before, const Version& after) {
  TREADLE_TRY(const std::vector<Entry> a, artifacts.entries(before));
  TREADLE_TRY(const std::vector<Entry> b, artifacts.entries(after));
  VersionDiff out = diff_entries(a, b);
  out.metadata = diff_metadata(before.metadata, after.metadata);
  out.description_differs = before.description != after.description;
  return out;
}

}  // namespace treadle::artifact
