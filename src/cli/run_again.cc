#include "run_again.h"

#include "run_lookup.h"

namespace treadle::cli {

OrStop<Run> find_run_to_repeat(Session& session, const std::string& id) {
  const auto stop = [](int code) { return tl::unexpected<Stop>({code}); };
  auto home = session.open_existing_home();
  if (!home) return stop(session.fail(home.error()));
  if (!*home) return stop(session.fail(kExitNotFound, "not_found", session.no_home_text()));
  auto run = get_run(**home, id);
  if (!run) return stop(session.fail(run.error()));
  return std::move(*run);
}

OrStop<CodeAgain> load_code_of(Session& session, const Run& run, const SourceOptions& source,
                               const RunFlags& flags) {
  const auto stop = [](int code) { return tl::unexpected<Stop>({code}); };
  auto loaded = load_origin(session, run.origin, run.run_id, source);
  if (!loaded) return tl::unexpected(loaded.error());
  const auto durability = choose_durability(session, flags);
  if (!durability) return stop(session.fail(durability.error()));
  auto home = session.open_home(*durability);
  if (!home) return stop(session.fail(home.error()));
  auto code = check_code(session, std::move(*loaded), home->get());
  if (!code) return tl::unexpected(code.error());
  return CodeAgain{std::move(*home), std::move(*code)};
}

}  // namespace treadle::cli
