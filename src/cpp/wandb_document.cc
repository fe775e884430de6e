#include "wandb_document.h"

#include <treadle/base/files.h>
#include <treadle/base/random.h>
#include <treadle/define/several_files.h>

#include <cstdint>
#include <cstdlib>

namespace treadle::wandb {
namespace {

void escape(std::string& out, std::uint32_t unit) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(unit >> shift) & 15];
}

// The character at `at` of UTF-8 that is known to be right; `at` moves behind it.
std::uint32_t take_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at++);
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  std::uint32_t character = first & (0x3fU >> more);
  for (int i = 0; i < more && at < text.size(); ++i)
    character = character << 6 | (byte(at++) & 0x3fU);
  return character;
}

}  // namespace

std::string as_the_sdk_writes(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 8);
  bool in_text = false;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::uint32_t character = take_character(json, at);
      if (character < 0x10000) {
        escape(out, character);
      } else {
        escape(out, 0xd800 + ((character - 0x10000) >> 10));
        escape(out, 0xdc00 + ((character - 0x10000) & 0x3ff));
      }
      continue;
    }
    out += c;
    ++at;
    if (in_text && c == '\\' && at < json.size()) {
      out += json[at++];
    } else if (c == '"') {
      in_text = !in_text;
    } else if (!in_text && (c == ',' || c == ':')) {
      out += ' ';
    }
  }
  return out;
}

Result<Encoded> encoded(Document document, std::string file_name, std::string type_name) {
  Encoded out;
  out.format = "file";
  out.file_name = std::move(file_name);
  out.type_name = std::move(type_name);
  if (document.files.empty()) {
    out.bytes = std::move(document.json);
    return out;
  }
  const char* temporary = std::getenv("TMPDIR");
  out.format = kSeveralFiles;
  out.path = join_path(temporary == nullptr ? "/tmp" : temporary, "treadle-value-" + random_uuid());
  document.files.push_back({out.file_name, std::move(document.json)});
  for (const MediaFile& file : document.files) {
    const std::string at = join_path(out.path, file.path);
    auto written = real_files().make_folders(parent_path(at));
    if (written) written = write_file_atomic(real_files(), at, file.bytes, false, 0600);
    if (!written) {
      (void)remove_tree(out.path);
      return fail(std::move(written).error());
    }
  }
  return out;
}

ReadMedia media_of(Stored& stored) {
  return [&stored](const std::string& path) -> Result<std::string> {
    auto* files = dynamic_cast<StoredFiles*>(&stored);
    if (files != nullptr) return files->other(path);
    return fail(Errc::kUnsupported,
                "'" + path + "' is not kept beside '" + stored.file_name() + "'.");
  };
}

}  // namespace treadle::wandb
