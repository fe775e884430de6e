#include "wandb_document.h"
#include <treadle/base/digest.h>

#include <algorithm>

namespace treadle {
namespace wandb {

Result<void> write_image(JsonWriter& w, const Image& image, std::vector<MediaFile>& files) {
  TREADLE_TRY(std::string png, image.to_png());
  const std::string path = "media/images/" + to_hex(md5(png)).substr(0, 20) + ".png";
  w.begin_object().field("_type", "image-file");
  if (!image.caption.empty()) w.field("caption", image.caption);
  w.field("format", "png").field("height", image.height).field("path", path);
  w.field("sha256", to_hex(sha256(png))).field("width", image.width).end_object();
  const auto same = [&](const MediaFile& file) { return file.path == path; };
  if (std::none_of(files.begin(), files.end(), same)) files.push_back({path, std::move(png)});
  return {};
}

Result<Image> read_image(JsonRef json, const ReadMedia& read) {
  const auto path = json["path"].as_string();
  if (json["_type"].as_string() != "image-file" || !path)
    return fail(Errc::kInvalidArgument, "This is not the document of a W&B image.");
  TREADLE_TRY(const std::string file, read(std::string(*path)));
  const auto sum = json["sha256"].as_string();
  if (sum && *sum != to_hex(sha256(file)))
    return fail(Errc::kCorrupt,
                "'" + std::string(*path) + "' is not the picture that was written.");
  TREADLE_TRY(Image image, Image::from_png(file));
  if (const auto caption = json["caption"].as_string()) image.caption = *caption;
  return image;
}

}  // namespace wandb

Result<Encoded> CodecFor<wandb::Image>::encode(const wandb::Image& image) {
  JsonWriter w;
  wandb::Document document;
  TREADLE_CHECK(wandb::write_image(w, image, document.files));
  document.json = wandb::as_the_sdk_writes(std::move(w).str());
  return wandb::encoded(std::move(document), "Image.image-file.json", "wandb.Image");
}

Result<wandb::Image> CodecFor<wandb::Image>::decode(Stored& stored) {
  TREADLE_TRY(const std::string text, stored.bytes());
  TREADLE_TRY(const Json json, Json::parse(text));
  return wandb::read_image(json, wandb::media_of(stored));
}

}  // namespace treadle
