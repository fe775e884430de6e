// Private to the room: what the documents of W&B's objects have in common.
#pragma once

#include <treadle/base/json.h>
#include <treadle/cpp/json.h>
#include <treadle/cpp/wandb_image.h>

#include <string>

namespace treadle::wandb {

// Compact JSON as Python's json.dumps writes it: a space after commas and colons, ASCII only.
std::string as_the_sdk_writes(std::string_view json);
// As one file, or with its media as several.
Result<Encoded> encoded(Document document, std::string file_name, std::string type_name);
// Reads the media beside a document.
ReadMedia media_of(Stored& stored);

// What a document says of an image, whose file is added to `files` unless it is there.
Result<void> write_image(JsonWriter& w, const Image& image, std::vector<MediaFile>& files);
// kCorrupt when the file is not the one that was written.
Result<Image> read_image(JsonRef json, const ReadMedia& read);

}  // namespace treadle::wandb
