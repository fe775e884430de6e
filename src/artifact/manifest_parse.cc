// Reading a manifest that may come from anywhere.
#include <treadle/artifact/manifest.h>
#include <treadle/model/artifact_name.h>

#include <boost/json.hpp>

#include <algorithm>

namespace treadle::artifact {
namespace {

namespace json = boost::json;

constexpr std::size_t kDeepest = 64;

tl::unexpected<Error> bad(std::string_view rule) {
  return fail(Errc::kCorrupt, "The manifest cannot be read: " + std::string(rule) + ".");
}
tl::unexpected<Error> bad_entry(std::string_view path, std::string_view rule) {
  std::string shown(path.substr(0, 200));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return bad("entry '" + shown + "': " + std::string(rule));
}

bool is_base64_md5(std::string_view text) {
  constexpr std::size_t kLength = 24;  // 16 bytes
  return text.size() == kLength && text.ends_with("==") &&
         std::all_of(text.begin(), text.end() - 2, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/';
         });
}
bool is_hex_sha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// The text under `name`, or "" when there is none; an error when something else is there.
Result<std::string> text_at(const json::object& object, std::string_view name,
                            std::string_view path) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return bad_entry(path, "'" + std::string(name) + "' is not a string");
  return std::string(value->get_string());
}

Result<Entry> read_entry(std::string_view path, const json::value& value) {
  if (auto ok = check_entry_path(path); !ok) return bad_entry(path, ok.error().message);
  if (!value.is_object()) return bad_entry(path, "it is not an object");
  const json::object& object = value.get_object();
  Entry entry;
  entry.path = path;
  TREADLE_TRY(entry.md5, text_at(object, "digest", path));
  TREADLE_TRY(entry.sha256, text_at(object, "sha256", path));
  TREADLE_TRY(entry.reference, text_at(object, "ref", path));
  if (entry.md5.empty()) return bad_entry(path, "it has no digest");
  if (entry.md5.find_first_of(std::string_view("\n\0", 2)) != std::string::npos) {
    return bad_entry(path, "its digest contains a line break or NUL");
  }
  if (entry.reference.empty() && !is_base64_md5(entry.md5)) {
    return bad_entry(path, "its digest is not an MD5 in base64");
  }
  if (!entry.sha256.empty() && !is_hex_sha256(entry.sha256)) {
    return bad_entry(path, "its sha256 is not 64 lower-case hex digits");
  }
  entry.size = -1;
  if (const json::value* size = object.if_contains("size"); size != nullptr && !size->is_null()) {
    if (!size->is_int64() || size->get_int64() < 0) {
      return bad_entry(path, "its size is not a whole number of bytes");
    }
    entry.size = size->get_int64();
  }
  if (entry.reference.empty() && entry.size < 0) return bad_entry(path, "it has no size");
  if (const json::value* extra = object.if_contains("extra");
      extra != nullptr && !extra->is_null()) {
    if (!extra->is_object()) return bad_entry(path, "'extra' is not an object");
    if (!extra->get_object().empty()) entry.extra = json::serialize(*extra);
  }
  return entry;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kDeepest;
  json::monotonic_resource memory;
  json::value document = json::parse(text, error, &memory, options);
  if (error) return bad("it is not JSON (" + error.message() + ")");
  if (!document.is_object()) return bad("it is not an object");
  const json::object& root = document.get_object();
  const json::value* version = root.if_contains("version");
  if (version == nullptr || !version->is_int64() || version->get_int64() != 1) {
    return bad("its version is not 1");
  }
  const json::value* contents = root.if_contains("contents");
  if (contents == nullptr || !contents->is_object()) return bad("it has no contents");
  std::vector<Entry> entries;
  entries.reserve(contents->get_object().size());
  for (const auto& [path, value] : contents->get_object()) {
    TREADLE_TRY(Entry entry, read_entry({path.data(), path.size()}, value));
    entries.push_back(std::move(entry));
  }
  auto manifest = make_manifest(std::move(entries));
  if (!manifest) return bad(manifest.error().message);
  return *std::move(manifest);
}

}  // namespace treadle::artifact
