#include "text_rules.h"
#include <treadle/base/digest.h>
#include <treadle/model/artifact_name.h>

#include <algorithm>
#include <array>
#include <vector>

namespace treadle {
namespace {

constexpr std::size_t kMostName = 128;

tl::unexpected<Error> bad(std::string_view what, std::string_view name, std::string_view rule) {
  return fail(Errc::kInvalidArgument, "'" + printable(name) + "' cannot be " + std::string(what) +
                                          ": " + std::string(rule));
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string article(std::string_view what) {
  const bool vowel = std::string_view("aeiou").find(what.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + std::string(what);
}

}  // namespace

std::string ArtifactRef::text() const {
  std::string out;
  if (!host.empty()) out += host + "/";
  if (!entity.empty()) out += entity + "/";
  if (!project.empty()) out += project + "/";
  out += collection;
  if (!version.empty()) out += ":" + version;
  return out;
}

namespace {

// How much of an address is the server's: all before the last three parts. 0 = it names no server.
std::size_t host_size(std::string_view text) {
  std::size_t first = 0;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) first = scheme.size();
  }
  if (first == 0) return 0;
  std::size_t end = text.size();
  for (int parts = 0; parts < 3 && end != std::string_view::npos; ++parts) {
    end = end == 0 ? std::string_view::npos : text.rfind('/', end - 1);
  }
  return end == std::string_view::npos || end <= first ? 0 : end;
}

}  // namespace

Result<ArtifactRef> parse_artifact_ref(std::string_view text) {
  ArtifactRef ref;
  if (const std::size_t host = host_size(text); host != 0) {
    ref.host = text.substr(0, host);
    text.remove_prefix(host + 1);
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    ref.version = text.substr(colon + 1);
    if (ref.version.empty()) {
      return bad("an artifact", text,
                 "there is nothing after ':'. Write NAME, NAME:v3 or NAME:ALIAS.");
    }
    TREADLE_CHECK(check_alias(ref.version));
  }
  std::string_view path = text.substr(0, colon);
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (parts.size() == 3) {
      return bad("an artifact", text, "write [[ENTITY/]PROJECT/]NAME[:VERSION], at most two '/'.");
    }
  }
  ref.collection = parts.back();
  TREADLE_CHECK(check_artifact_name("artifact name", ref.collection));
  if (parts.size() >= 2) {
    ref.project = parts[parts.size() - 2];
    TREADLE_CHECK(check_artifact_name("project name", ref.project));
  }
  if (parts.size() == 3) {
    ref.entity = parts.front();
    TREADLE_CHECK(check_artifact_name("entity name", ref.entity));
  }
  return ref;
}

Result<void> check_artifact_name(std::string_view what, std::string_view name) {
  const std::string a = article(what);
  if (name.empty()) return bad(a, name, "it is empty.");
  if (name.size() > kMostName) return bad(a, name, "it has at most 128 characters. Shorten it.");
  if (name == "." || name == "..") return bad(a, name, "it would name a folder. Choose another.");
  if (name.front() == ' ' || name.back() == ' ') {
    return bad(a, name, "it may not begin or end with a space.");
  }
  for (const char c : name) {
    if (!is_plain(c) && c != '-' && c != '.' && c != ' ') {
      return bad(a, name,
                 "only the letters a-z and A-Z, digits, '_', '-', '.' and spaces are allowed "
                 "(letters that merely look like these are not).");
    }
  }
  return {};
}

Result<void> check_alias(std::string_view alias) {
  if (alias.empty()) return bad("an alias", alias, "it is empty.");
  if (alias.size() > kMostName) return bad("an alias", alias, "it has at most 128 bytes.");
  if (!is_utf8(alias) || has_control(alias)) {
    return bad("an alias", alias, "it must be printable UTF-8 text.");
  }
  if (alias.find_first_of("/:") != std::string_view::npos) {
    return bad("an alias", alias, "it may not contain '/' or ':'.");
  }
  return {};
}

Result<void> check_tag(std::string_view tag) {
  if (tag.empty()) return bad("a tag", tag, "it is empty.");
  if (tag.size() > kMostName) return bad("a tag", tag, "it has at most 128 bytes.");
  if (!is_utf8(tag)) return bad("a tag", tag, "it is not valid UTF-8.");
  bool good = tag.front() != ' ' && tag.back() != ' ';
  for (const char c : tag) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    good = good && (letter || (byte >= '0' && byte <= '9') || byte == '_' || byte == '-' ||
                    byte == ' ' || byte >= 0x80);
  }
  if (!good) {
    return bad("a tag", tag,
               "it is words of letters, digits, '_' and '-', with spaces between them.");
  }
  return {};
}

Result<void> check_entry_path(std::string_view path) {
  constexpr std::string_view kWhat = "a path in an artifact";
  if (path.empty()) return bad(kWhat, path, "it is empty.");
  if (path.size() > 4096) return bad(kWhat, path, "it has at most 4096 bytes.");
  if (path.find('\0') != std::string_view::npos) return bad(kWhat, path, "it contains a NUL byte.");
  if (!is_utf8(path)) return bad(kWhat, path, "it is not valid UTF-8.");
  if (has_control(path)) return bad(kWhat, path, "it contains control or invisible characters.");
  if (path.find('\\') != std::string_view::npos)
    return bad(kWhat, path, "it contains a backslash.");
  if (path.front() == '/') return bad(kWhat, path, "it must be relative.");
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t slash = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, slash - start);
    if (part.empty() || part == "." || part == "..") {
      return bad(kWhat, path, "no part may be empty, '.' or '..'.");
    }
    start = slash + 1;
  }
  return {};
}

bool is_version_name(std::string_view alias) {
  return alias.size() > 1 && alias.front() == 'v' &&
         std::all_of(alias.begin() + 1, alias.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string artifact_name_for(const AssetKey& key) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string name;
  for (const std::string& part : key.parts()) {
    if (!name.empty()) name += '.';
    for (const char c : part) {
      if (is_plain(c)) {
        name += c;
        continue;
      }
      // '-' starts an escape, so that different keys never meet in one name.
      name += '-';
      name += kHex[static_cast<unsigned char>(c) >> 4];
      name += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  if (name.size() <= kMostName) return name;
  // "--" stands in no escaped name.
  return name.substr(0, kMostName - 34) + "--" + to_hex(sha256(key.text())).substr(0, 32);
}

std::string artifact_name_for(const AssetKey& key, std::string_view partition) {
  std::string name;
  bool exact = partition.find("--") == std::string_view::npos;
  const bool dimensions = partition.find('|') != std::string_view::npos;
  for (const char c : partition) {
    if (c == '|') {
      name += '.';
    } else if (is_plain(c) || c == '-' || (c == '.' && !dimensions)) {
      name += c;
    } else {
      name += '_';
      exact = false;
    }
  }
  name = artifact_name_for(key) + "." + name;
  if (exact && name.size() <= kMostName) return name;
  return name.substr(0, kMostName - 34) + "--" +
         to_hex(sha256(key.text() + "\n" + std::string(partition))).substr(0, 32);
}

std::string artifact_name_for_output(std::string_view job, std::string_view step,
                                     std::string_view output) {
  std::vector<std::string> parts{std::string(job)};
  while (true) {
    const std::size_t dot = step.find('.');
    parts.emplace_back(step.substr(0, dot));
    if (dot == std::string_view::npos) break;
    step.remove_prefix(dot + 1);
  }
  parts.emplace_back(output);
  return artifact_name_for(AssetKey(std::move(parts)));
}

}  // namespace treadle
