// Pixels as PNG and back: 8 bits a channel, not interlaced.
#include <treadle/cpp/wandb_image.h>

#include <array>
#include <cstdlib>
#include <zlib.h>

namespace treadle::wandb {
namespace {

constexpr std::string_view kMagic = "\x89PNG\r\n\x1a\n";
constexpr std::array<int, 5> kColors = {-1, 0, 4, 2, 6};  // by channels
constexpr std::size_t kMost = std::size_t{1} << 31;       // bytes of pixels

void put_number(std::string& out, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

std::size_t take_number(std::string_view text) {
  std::size_t number = 0;
  for (const char c : text.substr(0, 4)) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::uint32_t sum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

void put_chunk(std::string& out, std::string_view kind, std::string_view content) {
  put_number(out, content.size());
  const std::size_t from = out.size();
  out += kind;
  out += content;
  put_number(out, sum_of(std::string_view(out).substr(from)));
}

tl::unexpected<Error> broken(std::string_view why) {
  return fail(Errc::kCorrupt, "This is no PNG file that can be read: " + std::string(why) + ".");
}

int paeth(int left, int up, int corner) {
  const int to_left = std::abs(up - corner);
  const int to_up = std::abs(left - corner);
  const int to_corner = std::abs(left + up - 2 * corner);
  if (to_left <= to_up && to_left <= to_corner) return left;
  return to_up <= to_corner ? up : corner;
}

// Takes the filter off a row, given the one above without its own ("" = none).
bool unfilter(int filter, std::uint8_t* row, const std::uint8_t* above, std::size_t size,
              std::size_t pixel) {
  if (filter > 4) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const int left = i >= pixel ? row[i - pixel] : 0;
    const int up = above != nullptr ? above[i] : 0;
    const int corner = above != nullptr && i >= pixel ? above[i - pixel] : 0;
    const std::array<int, 5> guess = {0, left, up, (left + up) / 2, paeth(left, up, corner)};
    row[i] = static_cast<std::uint8_t>(row[i] + guess[static_cast<std::size_t>(filter)]);
  }
  return true;
}

struct Head {
  Image image;
  std::string packed;  // the content of all IDAT chunks
};

Result<Head> read_chunks(std::string_view png) {
  if (!png.starts_with(kMagic)) return broken("it does not begin like one");
  png.remove_prefix(kMagic.size());
  Head out;
  while (png.size() >= 12) {
    const std::size_t size = take_number(png);
    if (size > png.size() - 12) return broken("it is cut off");
    const std::string_view kind = png.substr(4, 4);
    const std::string_view content = png.substr(8, size);
    if (sum_of(png.substr(4, size + 4)) != take_number(png.substr(size + 8)))
      return broken("a checksum is wrong");
    png.remove_prefix(size + 12);
    if (kind == "IHDR") {
      if (size != 13) return broken("its head is too short");
      const std::size_t width = take_number(content);
      const std::size_t height = take_number(content.substr(4));
      for (int channels = 1; channels <= 4; ++channels) {
        if (kColors[static_cast<std::size_t>(channels)] == content[9])
          out.image.channels = channels;
      }
      if (content[8] != 8 || content[9] == 3 || content[12] != 0)
        return fail(Errc::kUnsupported,
                    "Only pictures of 8 bits a channel, without a palette and not interlaced, can "
                    "be read.");
      if (width == 0 || height == 0 || width > kMost / 4 / height)
        return broken("its size is impossible");
      out.image.width = static_cast<int>(width);
      out.image.height = static_cast<int>(height);
    } else if (kind == "IDAT") {
      out.packed += content;
    } else if (kind == "IEND") {
      break;
    }
  }
  if (out.image.width == 0) return broken("it has no head");
  return out;
}

}  // namespace

Result<std::string> Image::to_png() const {
  const auto row = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  if (width <= 0 || height <= 0 || channels < 1 || channels > 4 ||
      pixels.size() != row * static_cast<std::size_t>(height)) {
    return fail(Errc::kInvalidArgument,
                "An image of " + std::to_string(width) + " x " + std::to_string(height) + " with " +
                    std::to_string(channels) + " channels (1 to 4) does not have " +
                    std::to_string(pixels.size()) +
                    " numbers: it needs width * height * channels.");
  }
  std::string plain;
  plain.reserve(pixels.size() + static_cast<std::size_t>(height));
  for (int y = 0; y < height; ++y) {
    plain += '\0';
    plain.append(reinterpret_cast<const char*>(pixels.data()) + static_cast<std::size_t>(y) * row,
                 row);
  }
  uLongf size = compressBound(static_cast<uLong>(plain.size()));
  std::string packed(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                reinterpret_cast<const Bytef*>(plain.data()), static_cast<uLong>(plain.size()),
                Z_DEFAULT_COMPRESSION) != Z_OK) {
    return fail(Errc::kInternal, "zlib did not compress the picture.");
  }
  packed.resize(size);
  std::string head;
  put_number(head, static_cast<std::size_t>(width));
  put_number(head, static_cast<std::size_t>(height));
  head += {8, static_cast<char>(kColors[static_cast<std::size_t>(channels)]), 0, 0, 0};
  std::string out(kMagic);
  put_chunk(out, "IHDR", head);
  put_chunk(out, "IDAT", packed);
  put_chunk(out, "IEND", "");
  return out;
}

Result<Image> Image::from_png(std::string_view png) {
  TREADLE_TRY(Head head, read_chunks(png));
  Image& image = head.image;
  const auto pixel = static_cast<std::size_t>(image.channels);
  const std::size_t row = static_cast<std::size_t>(image.width) * pixel;
  const auto height = static_cast<std::size_t>(image.height);
  std::vector<std::uint8_t> plain((row + 1) * height);
  uLongf size = plain.size();
  if (uncompress(plain.data(), &size, reinterpret_cast<const Bytef*>(head.packed.data()),
                 static_cast<uLong>(head.packed.size())) != Z_OK ||
      size != plain.size()) {
    return broken("its pixels are not whole");
  }
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t* at = plain.data() + y * (row + 1);
    const std::uint8_t* above = y == 0 ? nullptr : at - row;
    if (!unfilter(at[0], at + 1, above, row, pixel)) return broken("a row has no known filter");
    image.pixels.insert(image.pixels.end(), at + 1, at + 1 + row);
  }
  return std::move(head.image);
}

}  // namespace treadle::wandb
