// Values as objects behind a URL: an S3 store (Amazon's, MinIO, Ceph, R2 ...), or any web server that takes PUT and GET.
//
//   defs.io_manager("lake", td::object_files({.url = "s3://lake/models"}));
//   defs.io_manager("api", td::object_files({.url = "https://files.example.org/drop", .headers = {{"Authorization", "Bearer ..."}}}));
#pragma once

#include <treadle/define/io_manager.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace treadle {

struct ObjectFilesOptions {
  std::string url = {};  // "s3://bucket/prefix", "https://host/path", "http://host/path"
  std::vector<std::pair<std::string, std::string>> headers =
      {};  // of http and https, with each request
  // Of s3; "" = the environment, as Amazon's tools read it: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or AWS_S3_ENDPOINT_URL (none: Amazon's),
  // AWS_REGION or AWS_DEFAULT_REGION (none: us-east-1), AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (none: unsigned).
  std::string endpoint = {};
  std::string region = {};
  std::string access_key = {};
  std::string secret_key = {};
};

// Each value as one object, by the type's codec: text as .txt, JSON as .json, bytes as .bin; a td::File or td::Folder is kept by another
// IO manager. The asset raw/iris is <url>/raw/iris.json, its partition 2026-01-01 <url>/raw/iris/2026-01-01.json. An object is replaced
// whole or not at all. Its content's digest is the data version, and its URL is told as metadata. Lost connections, 429 and 5xx
// are tried again, three times. Thread-safe.
std::shared_ptr<IOManager> object_files(ObjectFilesOptions options);

}  // namespace treadle
