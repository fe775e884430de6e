#include <treadle/artifact/reference.h>
#include <treadle/artifact/walk.h>
#include <treadle/base/digest.h>

#include <cstdlib>
#include <memory>

namespace treadle::artifact {
namespace {

constexpr std::string_view kFile = "file://";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    out += low < 0 ? text[i] : static_cast<char>(high * 16 + low);
    if (low >= 0) i += 2;
  }
  return out;
}

// As Python's Path.as_uri(): what a file is known by that is not read.
std::string uri_of(const std::string& path) {
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };
  const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
  constexpr std::string_view kPlain = "/-._~!$&'()*+,;=:@";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out(kFile);
  for (const char c : real ? std::string(real.get()) : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) != 0 || kPlain.find(c) != std::string_view::npos)) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

Result<Md5> md5_of_file(Files& files, const std::string& path) {
  constexpr std::size_t kChunk = 1024 * 1024;
  TREADLE_TRY(const OpenFile file, files.open_read(path));
  StreamHasher<Md5> hasher;
  std::string chunk;
  for (std::int64_t offset = 0;; offset += static_cast<std::int64_t>(chunk.size())) {
    TREADLE_CHECK(files.read_at(file, offset, kChunk, chunk));
    hasher.update(chunk);
    if (chunk.size() < kChunk) return hasher.finish();
  }
}

Result<DraftEntry> file_entry(Files& files, const std::string& path, std::int64_t size,
                              std::string name, std::string uri, bool checksum) {
  DraftEntry entry;
  entry.source = DraftEntry::Source::kReference;
  entry.path = std::move(name);
  entry.reference = std::move(uri);
  entry.reference_size = size;
  Md5 digest = md5(uri_of(path));
  if (checksum) {
    TREADLE_TRY(digest, md5_of_file(files, path));
  }
  entry.reference_digest = to_base64(digest);
  return entry;
}

}  // namespace

Result<std::vector<DraftEntry>> reference_entries(Files& files, const std::string& uri,
                                                  const ReferenceOptions& options) {
  if (uri.find("://") == std::string::npos) {
    return fail(Errc::kInvalidArgument,
                "'" + uri + "' is no URI. A reference to a local file begins with file://.");
  }
  if (!uri.starts_with(kFile)) {
    DraftEntry entry;
    entry.source = DraftEntry::Source::kReference;
    entry.path = options.name.empty() ? unescaped(base_name(uri.substr(0, uri.find_first_of("?#"))))
                                      : options.name;
    entry.reference = uri;
    entry.reference_digest = uri;
    return std::vector<DraftEntry>{std::move(entry)};
  }
  const std::string path = unescaped(std::string_view(uri).substr(kFile.size()));
  const auto stat = files.stat(path);
  const auto kind = stat ? stat->kind : FileStat::Kind::kOther;
  std::vector<DraftEntry> out;
  if (kind == FileStat::Kind::kFile) {
    TREADLE_TRY(DraftEntry entry, file_entry(files, path, stat->size,
                                             options.name.empty() ? base_name(path) : options.name,
                                             uri, options.checksum));
    out.push_back(std::move(entry));
    return out;
  }
  if (kind != FileStat::Kind::kFolder) {
    return fail(Errc::kInvalidArgument, "The reference '" + uri + "' leads to no file or folder.");
  }
  TREADLE_TRY(const std::vector<FoundFile> found, walk(files, path, ""));
  if (found.size() > options.most) {
    return fail(Errc::kInvalidArgument, "The folder of the reference '" + uri + "' holds " +
                                            std::to_string(found.size()) + " files, more than " +
                                            std::to_string(options.most) +
                                            ". Reference a part of it.");
  }
  const std::string below = uri.ends_with('/') ? uri : uri + "/";
  for (const FoundFile& file : found) {
    const std::string name = options.name.empty() ? file.entry : options.name + "/" + file.entry;
    TREADLE_TRY(DraftEntry entry, file_entry(files, file.path, file.stat.size, name,
                                             below + file.entry, options.checksum));
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace treadle::artifact
