// Private to the room: `artifact.json` of an export. Format: docs/formats/artifact-export.md.
#pragma once

#include <treadle/artifact/manifest.h>
#include <treadle/artifact/service.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace treadle::artifact {

inline constexpr const char* kExportName = "artifact.json";
inline constexpr const char* kExportFiles = "files/";

struct ExportDocument {
  Version version;
  std::optional<CodeSource> code;
  Manifest manifest;
};

std::string export_text(const ExportDocument& document);
// Takes any bytes; kCorrupt says what is wrong.
Result<ExportDocument> parse_export(std::string_view text);

}  // namespace treadle::artifact
