#include "parts.h"

#include "signer.h"
#include "storage.h"
#include <treadle/base/digest.h>
#include <treadle/base/random.h>

#include <algorithm>

namespace treadle::serve {
namespace {

constexpr std::size_t kPiece = 1 << 20;
constexpr std::size_t kMostParts = 10'000;  // as S3, and so the SDK, has it

class PartSink final : public http::BodySink {
 public:
  PartSink(std::string path, std::string md5_hex, std::string temporary, OpenFile file)
      : path_(std::move(path)),
        md5_hex_(std::move(md5_hex)),
        temporary_(std::move(temporary)),
        file_(std::move(file)) {}
  ~PartSink() override {
    if (!temporary_.empty()) (void)real_files().remove(temporary_);
  }

  std::optional<http::Response> write(std::string_view piece) override {
    hasher_.update(piece);
    if (auto ok = real_files().write(file_, piece); !ok) return error_answer(ok.error());
    return std::nullopt;
  }

  void finish(http::Answer answer) override {
    const std::string md5 = to_hex(hasher_.finish());
    if (md5 != md5_hex_) {
      return answer(http::error_response(
          400, "This part has the MD5 " + md5 + ", not " + md5_hex_ + ". Send it again."));
    }
    file_ = {};
    if (auto ok = real_files().rename(temporary_, path_); !ok) {
      return answer(error_answer(ok.error()));
    }
    temporary_.clear();
    // Without quotes: clients hand it back as it is, as the part's digest in hex.
    answer(stored_answer(md5));
  }

 private:
  const std::string path_;
  const std::string md5_hex_;
  std::string temporary_;  // "" once the part is whole
  OpenFile file_;
  StreamHasher<Md5> hasher_;
};

}  // namespace

Result<std::string> PartStore::upload_id(std::int64_t draft, const std::string& md5,
                                         const std::vector<Part>& parts) {
  if (parts.empty() || parts.size() > kMostParts) {
    return fail(Errc::kInvalidArgument, "An upload has 1 to " + std::to_string(kMostParts) +
                                            " parts, not " + std::to_string(parts.size()) + ".");
  }
  std::string text = std::to_string(draft) + "\n" + md5 + "\n";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto digest = from_hex(parts[i].md5_hex);
    if (parts[i].number != static_cast<std::int64_t>(i + 1) || !digest || digest->size() != 16) {
      return fail(Errc::kInvalidArgument,
                  "Parts are numbered from 1 on, in order, each with its MD5 in hex: the " +
                      std::to_string(i + 1) + ". is not.");
    }
    text += to_hex(*digest) + "\n";
  }
  return to_hex(sha256(text)).substr(0, 32);
}

std::string PartStore::storage_path(const std::string& upload_id, const Part& part) {
  return "artifact_parts/" + upload_id + "/" + std::to_string(part.number) + "/" + part.md5_hex;
}

std::string PartStore::file_of(const std::string& upload_id, const Part& part) const {
  return join_path(folder_, upload_id + "." + std::to_string(part.number) + "." + part.md5_hex);
}

Result<std::unique_ptr<http::BodySink>> PartStore::open(const std::string& upload_id,
                                                        const Part& part) {
  Files& files = real_files();
  TREADLE_CHECK(files.make_folders(folder_));
  const std::string temporary = join_path(folder_, random_uuid());
  TREADLE_TRY(OpenFile file, files.create(temporary, 0600));
  return std::make_unique<PartSink>(file_of(upload_id, part), part.md5_hex, temporary,
                                    std::move(file));
}

Result<void> PartStore::complete(const std::string& upload_id, const std::vector<Part>& parts,
                                 artifact::Upload& upload) {
  Files& files = real_files();
  std::string missing;
  for (const Part& part : parts) {
    if (!files.stat(file_of(upload_id, part))) missing += " " + std::to_string(part.number);
  }
  if (!missing.empty()) {
    return fail(Errc::kNotFound, "These parts never came:" + missing +
                                     ". Put them, then complete the upload again.");
  }
  std::string piece;
  for (const Part& part : parts) {
    TREADLE_TRY(const OpenFile file, files.open_read(file_of(upload_id, part)));
    for (std::int64_t offset = 0;; offset += static_cast<std::int64_t>(piece.size())) {
      TREADLE_CHECK(files.read_at(file, offset, kPiece, piece));
      if (piece.empty()) break;
      TREADLE_CHECK(upload.write(piece));
    }
  }
  TREADLE_CHECK(upload.finish());
  abandon(upload_id, parts);
  return {};
}

void PartStore::abandon(const std::string& upload_id, const std::vector<Part>& parts) {
  for (const Part& part : parts) (void)real_files().remove(file_of(upload_id, part));
}

void PartStore::sweep(Micros now) {
  const auto names = real_files().list(folder_);
  if (!names) return;  // nothing was ever put
  for (const std::string& name : *names) {
    const std::string path = join_path(folder_, name);
    const auto stat = real_files().stat(path, false);
    if (stat && stat->kind == FileStat::Kind::kFile &&
        stat->mtime_ns / 1000 < now - 2 * Signer::kLifetime) {
      (void)real_files().remove(path);
    }
  }
}

}  // namespace treadle::serve
