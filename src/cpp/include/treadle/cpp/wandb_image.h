// W&B images from pixels, in the form that W&B's SDK and treadle.wandb write and read:
//
//   #include <treadle/cpp/wandb_image.h>
//   td::wandb::Image gradient() {
//     td::wandb::Image image{.width = 256, .height = 1, .channels = 1};
//     for (int x = 0; x < 256; ++x) image.pixels.push_back(static_cast<std::uint8_t>(x));
//     return image;
//   }
//
// An asset that returns one is kept as the object `Image` of its artifact: Python reads it with
// `get: "Image"` as an Image, C++ with td::wandb::configuration({.get = "Image"}) or as it is. In the
// cells of a td::wandb::Table (wandb_table.h) they are the pictures of a table.
#pragma once

#include <treadle/cpp/codec_for.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::wandb {

struct Image {
  int width = 0;
  int height = 0;
  int channels = 3;  // 1: grey, 2: grey and alpha, 3: red, green, blue, 4: and alpha
  // Row by row from the top, pixel by pixel, channel by channel: width * height * channels.
  std::vector<std::uint8_t> pixels = {};
  std::string caption = {};
  bool operator==(const Image&) const = default;

  // As a PNG file, without the caption. kInvalidArgument when the numbers do not fit each other.
  Result<std::string> to_png() const;
  // 8 bits a channel. kUnsupported for other depths, palettes and interlaced files; kCorrupt for what
  // is no PNG.
  static Result<Image> from_png(std::string_view png);
};

// An object as an artifact holds it: its JSON, and the files that it names.
struct MediaFile {
  std::string path;  // in the artifact
  std::string bytes;
};
struct Document {
  std::string json;
  std::vector<MediaFile> files = {};
};
// A file of the same artifact by its path.
using ReadMedia = std::function<Result<std::string>(const std::string&)>;

}  // namespace treadle::wandb

template <>
struct treadle::CodecFor<treadle::wandb::Image> {
  static Result<Encoded> encode(const wandb::Image& image);
  static Result<wandb::Image> decode(Stored& stored);
};
