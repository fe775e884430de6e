#include "tar.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace treadle::artifact {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameSize = 100;
constexpr std::size_t kChecksumAt = 148;
constexpr std::int64_t kLargestOctal = 077777777777;  // 11 digits: 8 GiB
constexpr std::int64_t kLargestPax = 1024 * 1024;

void put(std::string& block, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string octal(std::int64_t value, std::size_t digits) {
  std::string out(digits, '0');
  for (std::size_t i = digits; i-- > 0 && value > 0; value /= 8) {
    out[i] = static_cast<char>('0' + value % 8);
  }
  return out;
}

unsigned checksum(std::string_view block) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksumAt && i < kChecksumAt + 8;
    sum += own ? static_cast<unsigned>(' ') : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

std::string header(std::string_view path, std::int64_t size, char type, Micros mtime) {
  std::string block(kBlock, '\0');
  put(block, 0, path.substr(0, kNameSize));
  put(block, 100, "0000644");
  put(block, 108, "0000000");
  put(block, 116, "0000000");
  put(block, 124, octal(std::min(size, kLargestOctal), 11));
  put(block, 136, octal(std::max<std::int64_t>(mtime / 1'000'000, 0), 11));
  block[156] = type;
  put(block, 257, std::string_view("ustar\00000", 8));
  put(block, kChecksumAt, octal(checksum(block), 6));
  block[kChecksumAt + 6] = '\0';
  block[kChecksumAt + 7] = ' ';
  return block;
}

// "27 path=some/very/long/name\n": the length counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

std::string padding(std::int64_t size) {
  const std::size_t over = static_cast<std::size_t>(size) % kBlock;
  return std::string(over == 0 ? 0 : kBlock - over, '\0');
}

std::optional<std::int64_t> read_octal(std::string_view field) {
  while (!field.empty() && (field.back() == '\0' || field.back() == ' ')) field.remove_suffix(1);
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  if (field.empty()) return 0;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), out, 8);
  if (error != std::errc() || end != field.data() + field.size() || out < 0) return std::nullopt;
  return out;
}

struct Pax {
  std::string path;
  std::optional<std::int64_t> size;
};

bool read_pax(std::string_view text, Pax& out) {
  while (!text.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto head = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || length > text.size() || length < head + 3 || *end != ' ') {
      return false;
    }
    const std::string_view record = text.substr(head + 1, length - head - 2);
    if (text[length - 1] != '\n') return false;
    const std::size_t equal = record.find('=');
    if (equal == std::string_view::npos) return false;
    const std::string_view value = record.substr(equal + 1);
    if (record.substr(0, equal) == "path") out.path = value;
    if (record.substr(0, equal) == "size") {
      std::int64_t size = 0;
      const auto [stop, bad] = std::from_chars(value.data(), value.data() + value.size(), size);
      if (bad != std::errc() || stop != value.data() + value.size() || size < 0) return false;
      out.size = size;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

Result<void> TarWriter::begin(const std::string& path, std::int64_t size) {
  std::string records;
  if (path.size() > kNameSize) records += pax_record("path", path);
  if (size > kLargestOctal) records += pax_record("size", std::to_string(size));
  std::string head;
  if (!records.empty()) {
    const auto length = static_cast<std::int64_t>(records.size());
    head = header("pax_header", length, 'x', mtime_) + records + padding(length);
  }
  head += header(path, size, '0', mtime_);
  size_ = size;
  return files_.write(file_, head);
}

Result<void> TarWriter::write(std::string_view bytes) {
  return files_.write(file_, bytes);
}

Result<void> TarWriter::end_file() {
  const std::string pad = padding(size_);
  return pad.empty() ? Result<void>() : files_.write(file_, pad);
}

Result<void> TarWriter::finish() {
  TREADLE_CHECK(files_.write(file_, std::string(2 * kBlock, '\0')));
  return files_.sync(file_);
}

Result<std::optional<TarMember>> TarReader::next() {
  const auto bad = [&](std::string_view why) {
    return fail(Errc::kCorrupt, "'" + name_ + "' " + std::string(why));
  };
  Pax pax;
  std::string block;
  while (true) {
    TREADLE_CHECK(files_.read_at(file_, offset_, kBlock, block));
    if (block.size() < kBlock) {
      return bad(offset_ == 0 ? "is not a tar archive." : "ends early: it is a part only.");
    }
    if (std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; })) {
      return std::nullopt;
    }
    const std::string_view view = block;
    const auto sum = read_octal(view.substr(kChecksumAt, 8));
    if (!sum || *sum != checksum(view)) {
      return bad(offset_ == 0 ? "is not a tar archive. (A compressed one must be unpacked first.)"
                              : "is damaged: a header has a wrong checksum.");
    }
    std::optional<std::int64_t> size = read_octal(view.substr(124, 12));
    const char type = block[156];
    if (pax.size && type != 'x') size = pax.size;
    if (!size) return bad("is damaged: a member has no size.");
    const std::int64_t content = offset_ + static_cast<std::int64_t>(kBlock);
    if (*size > INT64_MAX - content - static_cast<std::int64_t>(kBlock)) {
      return bad("has a member larger than any file.");
    }
    offset_ = content + *size + static_cast<std::int64_t>(padding(*size).size());
    std::string path(view.substr(0, std::min(view.find('\0'), kNameSize)));
    const std::string_view prefix = view.substr(345, 155);
    if (view.substr(257, 6) == std::string_view("ustar\0", 6) && prefix.front() != '\0') {
      path = std::string(prefix.substr(0, prefix.find('\0'))) + "/" + path;
    }
    switch (type) {
      case 'x':
      case 'g': {
        if (*size > kLargestPax) return bad("has an extended header that is too large.");
        std::string text;
        TREADLE_CHECK(files_.read_at(file_, content, static_cast<std::size_t>(*size), text));
        Pax read;
        if (!read_pax(text, read)) return bad("is damaged: an extended header cannot be read.");
        if (type == 'x') pax = read;
        continue;
      }
      case '5':
        pax = {};
        continue;
      case '0':
      case '\0':
        return TarMember{pax.path.empty() ? path : pax.path, *size, content};
      default:
        return bad("has the member '" + path +
                   "', which is no regular file (a link or a device): such archives are refused.");
    }
  }
}

}  // namespace treadle::artifact
