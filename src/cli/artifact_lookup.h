// Opening the store of a home for the artifact commands, and reading the reference they were given.
#pragma once

#include "session.h"
#include <treadle/artifact/store.h>

namespace treadle::cli {

// The home for reading, for commands that cannot do without one; null after an error was reported,
// with the exit code in `code`.
std::unique_ptr<app::Home> open_store_for_reading(Session& session, int& code);

// Parses `text` and finds the version.
Result<artifact::Version> get_version(app::Home& home, const std::string& text);

// Of what a protected alias stands in the way of: with the option that goes on all the same.
Error with_override_hint(Error error);

// The value of --metadata: JSON object text, or "@file" that holds it. "" = {}.
Result<std::string> read_metadata_option(const std::string& given);

}  // namespace treadle::cli
