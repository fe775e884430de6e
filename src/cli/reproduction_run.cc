// Making a version again: its code checked out, its inputs in a home of their own, its maker started.
#include "python.h"
#include "reproduction.h"
#include "text.h"
#include <treadle/artifact/transfer.h>
#include <treadle/base/files.h>
#include <treadle/base/process.h>

#include <fmt/format.h>

#include <array>
#include <unistd.h>

namespace treadle::cli {
namespace {

Result<void> must_succeed(const ProcessSpec& spec) {
  TREADLE_TRY(const ProcessResult done, run_program(spec));
  if (done.exit_code == 0) return {};
  return fail(Errc::kIo, fmt::format("'{}' failed:\n{}{}", join(spec.words, " "),
                                     printable_block(done.out), printable_block(done.err)));
}

Result<void> check_out(const artifact::CodeSource& code, const std::string& checkout) {
  TREADLE_CHECK(must_succeed(
      {.words = {"git", "clone", "-q", "--no-checkout", clone_source(code), checkout}}));
  TREADLE_CHECK(
      must_succeed({.words = {"git", "-C", checkout, "checkout", "-q", "--detach", code.commit}}));
  if (code.diff.empty()) return {};
  return must_succeed(
      {.words = {"git", "-C", checkout, "apply", "--whitespace=nowarn", "-"}, .input = code.diff});
}

// Signed with this home's key, pickles open only where that key is.
Result<void> fill_home(app::Home& home, const Recipe& recipe, const std::string& path) {
  TREADLE_CHECK(real_files().make_folders(path));
  if (!home.signing_key().empty()) {
    TREADLE_CHECK(
        write_file_atomic(real_files(), join_path(path, "key"), home.signing_key(), true, 0600));
  }
  TREADLE_TRY(const auto again, app::Home::open({.path = path}));
  for (const artifact::Version& input : recipe.origin.inputs) {
    TREADLE_CHECK(artifact::copy(home.store(), input, again->store(), {.keep_number = true}));
  }
  return again->store().flush();
}

// The maker's words begin with this, where Treadle itself is started.
std::string this_executable() {
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

Result<ProcessSpec> spec_of(const Session& session, const Recipe& recipe,
                            const std::string& checkout, const std::string& home) {
  const artifact::CodeSource& code = *recipe.origin.code;
  Start start = start_of(recipe, this_executable(), checkout, home);
  ProcessSpec run;
  run.folder = code.folder.empty() ? checkout : join_path(checkout, code.folder);
  run.environment = std::move(start.environment);
  if (recipe.maker == Maker::kScript) {
    if (!real_files().stat(recipe.python)) {
      TREADLE_TRY(const FoundPython python,
                  find_python(search_of_this_process(session.words().front())));
      start.words.front() = python.path;
    }
    run.environment.emplace_back("PYTHONPATH", run.folder);
  } else if (recipe.maker == Maker::kDefinitions) {
    if (base_name(start.words.front()) == "treadle") {
      // A virtual environment beside the code is not in the repository: the Python of here it is.
      TREADLE_TRY(const FoundPython python,
                  find_python(search_of_this_process(session.words().front())));
      run.environment.emplace_back("TREADLE_PYTHON", python.path);
    } else {
      start.words.insert(start.words.begin() + 1, {"-m", "treadle"});
    }
  }
  run.words = std::move(start.words);
  return run;
}

}  // namespace

Result<Remade> make_again(Session& session, app::Home& home, const Recipe& recipe,
                          const std::string& folder) {
  const std::string root = absolute_path(folder);
  if (const auto there = real_files().list(root); there && !there->empty()) {
    return fail(Errc::kAlreadyExists,
                fmt::format("The folder {} is not empty. Name a new one.", printable(folder)));
  }
  TREADLE_CHECK(real_files().make_folders(root));
  const artifact::CodeSource& code = *recipe.origin.code;
  const std::string checkout = join_path(root, "code");
  Remade out;
  out.home = join_path(root, "home");
  session.note(fmt::format("Checking out {} ...", printable(short_digest(code.commit))));
  TREADLE_CHECK(check_out(code, checkout));
  TREADLE_CHECK(fill_home(home, recipe, out.home));
  if (!recipe.build.empty()) {
    session.note(fmt::format("Building: {} ...", printable(recipe.build)));
    TREADLE_CHECK(must_succeed({.words = {"sh", "-c", recipe.build}, .folder = checkout}));
  }
  TREADLE_TRY(const ProcessSpec run, spec_of(session, recipe, checkout, out.home));
  session.note(fmt::format("Running {} ...", printable(join(recipe.arguments, " "))));
  TREADLE_TRY(const ProcessResult done, run_program(run));
  if (done.exit_code != 0) {
    return fail(Errc::kIo, fmt::format("Making it again failed:\n{}{}", printable_block(done.out),
                                       printable_block(done.err)));
  }
  TREADLE_TRY(const auto again, app::Home::open({.path = out.home}));
  const artifact::Version& version = recipe.origin.version;
  TREADLE_TRY(out.version,
              again->store().get({version.entity, version.project, version.collection, ""}));
  return out;
}

}  // namespace treadle::cli
