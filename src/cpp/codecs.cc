#include <treadle/base/files.h>
#include <treadle/cpp/codec_for.h>

#include <array>
#include <string_view>

namespace treadle {
namespace {

// Formats that are one file anybody may read; a pickle is for Python alone.
bool is_plain_file(std::string_view format) {
  return format == "text" || format == "json" || format == "bytes" || format == "file";
}

Result<std::string> existing_path(const std::string& path, bool folder) {
  const std::string what = folder ? "folder" : "file";
  if (path.empty())
    return fail(Errc::kInvalidArgument,
                "The function returned a td::" + std::string(folder ? "Folder" : "File") +
                    " without a path.");
  const std::string absolute = absolute_path(path);
  auto stat = real_files().stat(absolute);
  if (!stat)
    return fail(std::move(stat).error().with_context("cannot keep the " + what +
                                                     " that the function returned"));
  const auto wanted = folder ? FileStat::Kind::kFolder : FileStat::Kind::kFile;
  if (stat->kind != wanted)
    return fail(Errc::kInvalidArgument,
                "The function returned '" + path + "' as a " + what + ", but it is none.");
  return absolute;
}

}  // namespace

namespace cpp {

tl::unexpected<Error> unreadable(const Stored& stored, std::string_view wanted) {
  if (stored.format() == "pickle") {
    return fail(Errc::kUnsupported,
                "The value was kept as a Python pickle, which C++ cannot read. Let the Python "
                "asset return str, bytes, "
                "treadle.Json(value) for numbers, lists and dicts, or a treadle.File, and "
                "materialize it again.");
  }
  return fail(Errc::kUnsupported,
              "The value was kept as " + stored.format() + ", and this reads " +
                  std::string(wanted) +
                  ". Read it as the type that was stored, or materialize it again.");
}

tl::unexpected<Error> wrong_type(const Value& value, const std::type_info& wanted) {
  return fail(Errc::kInternal, "A value of type " + (value ? type_name(*value.type()) : "nothing") +
                                   " was handed to the codec of " + type_name(wanted) + ".");
}

Result<Encoded> encode_json(JsonOut out) {
  if (out.unwritable) {
    return fail(Errc::kInvalidArgument,
                "The value holds text that is not UTF-8, which JSON cannot keep. Use td::Bytes for "
                "arbitrary bytes.");
  }
  return Encoded{.format = "json",
                 .file_name = "output.json",
                 .bytes = std::move(out.json).str(),
                 .path = {},
                 .type_name = {}};
}

Result<Json> decode_json(Stored& stored) {
  if (stored.format() != "json") {
    // A text is a JSON string too: what was kept as text can be read as a
    // std::optional<std::string> or a td::Json.
    if (stored.format() != "text") return unreadable(stored, "JSON");
    TREADLE_TRY(const std::string text, stored.bytes());
    return Json::from(text);
  }
  TREADLE_TRY(const std::string bytes, stored.bytes());
  return Json::parse(bytes);
}

tl::unexpected<Error> other_partitions(const std::vector<std::string>& given,
                                       const std::vector<std::string>& wanted) {
  const auto some = [](const std::vector<std::string>& keys) {
    std::string text;
    for (std::size_t i = 0; i < keys.size() && i < 5; ++i)
      text += (i ? ", '" : "'") + keys[i] + "'";
    if (keys.size() > 5) text += " and " + std::to_string(keys.size() - 5) + " more";
    return keys.empty() ? "none" : text;
  };
  return fail(Errc::kInvalidArgument, "The function returned values for the partitions " +
                                          some(given) + ", but the run computes " + some(wanted) +
                                          ". Return one for each of context.partition_keys().");
}

Result<Encoded> JsonCodec::encode(const Value& value) const {
  if (value.type() == nullptr || *value.type() != type_) return wrong_type(value, type_);
  JsonOut out;
  write(out, value);
  TREADLE_TRY(Encoded encoded, encode_json(std::move(out)));
  encoded.type_name = treadle::type_name(type_);
  return encoded;
}

Result<Value> JsonCodec::decode(Stored& stored) const {
  TREADLE_TRY(const Json json, decode_json(stored));
  return read(json);
}

std::shared_ptr<const Codec> share_static(const Codec& codec) {
  return std::shared_ptr<const Codec>(std::shared_ptr<void>(), &codec);
}

}  // namespace cpp

Result<Encoded> CodecFor<std::string>::encode(const std::string& value) {
  if (!is_valid_utf8(value)) {
    return fail(Errc::kInvalidArgument,
                "The text is not UTF-8. Use td::Bytes for arbitrary bytes.");
  }
  return Encoded{
      .format = "text", .file_name = "output.txt", .bytes = value, .path = {}, .type_name = "str"};
}

Result<std::string> CodecFor<std::string>::decode(Stored& stored) {
  if (stored.format() == "text") return stored.bytes();
  if (stored.format() != "json") return cpp::unreadable(stored, "text");
  TREADLE_TRY(const Json json, cpp::decode_json(stored));
  return JsonOf<std::string>::read(json);
}

Result<Encoded> CodecFor<Bytes>::encode(const Bytes& value) {
  return Encoded{.format = "bytes",
                 .file_name = "output.bin",
                 .bytes = value.data,
                 .path = {},
                 .type_name = "bytes"};
}

Result<Bytes> CodecFor<Bytes>::decode(Stored& stored) {
  if (!is_plain_file(stored.format())) return cpp::unreadable(stored, "bytes");
  TREADLE_TRY(std::string bytes, stored.bytes());
  return Bytes{std::move(bytes)};
}

Result<Encoded> CodecFor<File>::encode(const File& value) {
  TREADLE_TRY(std::string path, existing_path(value.path, false));
  return Encoded{.format = "file",
                 .file_name = base_name(path),
                 .bytes = {},
                 .path = path,
                 .type_name = "File"};
}

Result<File> CodecFor<File>::decode(Stored& stored) {
  if (!is_plain_file(stored.format())) return cpp::unreadable(stored, "a file");
  TREADLE_TRY(std::string path, stored.local_path());
  return File{std::move(path)};
}

Result<Encoded> CodecFor<Folder>::encode(const Folder& value) {
  TREADLE_TRY(std::string path, existing_path(value.path, true));
  return Encoded{.format = "folder",
                 .file_name = {},
                 .bytes = {},
                 .path = std::move(path),
                 .type_name = "Folder"};
}

Result<Folder> CodecFor<Folder>::decode(Stored& stored) {
  if (stored.format() != "folder") return cpp::unreadable(stored, "a folder");
  TREADLE_TRY(std::string path, stored.local_path());
  return Folder{std::move(path)};
}

}  // namespace treadle
