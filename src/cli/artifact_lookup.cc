#include "artifact_lookup.h"

namespace treadle::cli {

std::unique_ptr<app::Home> open_store_for_reading(Session& session, int& code) {
  auto home = session.open_existing_home_to_mend();
  if (!home) {
    code = session.fail(home.error());
    return nullptr;
  }
  if (!*home) code = session.fail(kExitNotFound, "not_found", session.no_home_text());
  return std::move(*home);
}

Error with_override_hint(Error error) {
  if (error.code == Errc::kPermissionDenied) error.message += " (--override-protection)";
  return error;
}

Result<artifact::Version> get_version(app::Home& home, const std::string& text) {
  TREADLE_TRY(const ArtifactRef ref, parse_artifact_ref(text));
  return home.store().get(ref);
}

}  // namespace treadle::cli
