// `python -m treadle`: the native command line with a loader for Python code.
#include "bindings.h"
#include "codec.h"
#include "convert.h"
#include "definitions.h"
#include "forking.h"
#include "run_options.h"
#include "signals.h"
#include <treadle/app/home.h>
#include <treadle/app/settings.h>
#include <treadle/base/files.h>
#include <treadle/cli/cli.h>

namespace treadle::python {
namespace {

// What loading user code raised, as the command line shows it: the traceback from the user's first
// frame on.
Error load_error(nb::python_error& error) {
  try {
    const nb::object text =
        from_package("treadle._definitions.loader", "tell_load_error")(nb::borrow(error.value()));
    return {Errc::kInvalidArgument, text_of(text)};
  } catch (nb::python_error& again) {
    return error_of(error, "loading the definitions");
  }
}

// What is wrong with the definitions one by one, when the exception says so.
void rethrow_problems(nb::python_error& error) {
  const nb::object told = nb::getattr(error.value(), "problems", nb::none());
  if (!nb::isinstance<nb::list>(told)) return;
  std::vector<Problem> problems;
  const Items items(told);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Items item(items.at(i));
    problems.push_back({.code = item.text(0),
                        .subject = item.text(1),
                        .place = {.file = item.text(2), .line = nb::cast<int>(item.at(3))},
                        .message = item.text(4),
                        .cure = item.text(5)});
  }
  if (!problems.empty()) throw DefinitionError(std::move(problems));
}

// What the schedules and sensors of the loaded module ask for: see treadle/_automation/tick.py.
Result<std::vector<cli::InstigatorTick>> tick(const Object& ticker, Micros since, Micros now,
                                              app::Home& home, bool remember) {
  const nb::gil_scoped_acquire gil;
  try {
    const nb::object told = nb::borrow(ticker.get())(since, now, to_text(home.path()), remember);
    std::vector<cli::InstigatorTick> out;
    const Items items(told);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Items item(items.at(i));
      cli::InstigatorTick one{item.text(0), item.text(1), item.text(2), item.text(3), {}};
      const Items requests(item.at(4));
      for (std::size_t j = 0; j < requests.size(); ++j) {
        const Items r(requests.at(j));
        one.requests.push_back({r.text(0), r.text(1), r.text(2), r.text(3), r.text(4)});
      }
      out.push_back(std::move(one));
    }
    return out;
  } catch (nb::python_error& error) {
    return fail(error_of(error, "evaluating schedules and sensors"));
  }
}

// See treadle/_run/command.py.
Result<void> configure(const Object& configurer, PythonDefinitions& definitions,
                       execute::RunOptions& run, const std::vector<std::string>& assets) {
  const nb::gil_scoped_acquire gil;
  try {
    nb::list keys;
    for (const std::string& asset : assets) keys.append(to_text(asset));
    nb::dict tags;
    for (const auto& [name, value] : run.tags) tags[to_text(name)] = to_text(value);
    const nb::object told =
        nb::borrow(configurer.get())(to_text(run.run_config), to_text(run.job_name), keys, tags);
    const Items items(told);
    if (const std::string wrong = items.text(1); !wrong.empty())
      return fail(Errc::kInvalidArgument, wrong);
    run.run_config = items.text(0);
    if (!items.is_none(2)) use_executor(run, items.at(2));
    definitions.add_hooks(items.at(3));
    for (const auto& [name, value] : nb::cast<nb::dict>(items.at(4)))
      run.tags.emplace(text_of(name), text_of(value));
    return {};
  } catch (nb::python_error& error) {
    return fail(error_of(error, "configuring the run"));
  }
}

Result<cli::LoadedDefinitions> load(const Object& loader, const cli::LoadRequest& request) {
  const nb::gil_scoped_acquire gil;
  try {
    const nb::object told = nb::borrow(loader.get())(
        to_text(request.file), to_text(request.module), to_text(request.working_dir),
        nb::bool_(request.as_dagster), to_text(request.attribute), to_text(request.workspace),
        to_text(request.location));
    const Items items(told);
    auto* definitions = nb::cast<PythonDefinitions*>(items.at(0));
    cli::LoadedDefinitions loaded;
    // Owned by the Python object, which lives as long as this pointer.
    const auto owner = std::make_shared<Object>(nb::borrow(items.at(0)));
    loaded.definitions = std::shared_ptr<Definitions>(owner, &definitions->definitions());
    loaded.origin = items.text(1);
    loaded.codec = python_codec();
    if (items.size() > 2 && !items.is_none(2)) {
      loaded.tick = [ticker = Object(nb::borrow(items.at(2)))](Micros since, Micros now,
                                                               app::Home& home, bool remember) {
        return tick(ticker, since, now, home, remember);
      };
    }
    if (items.size() > 3) {
      loaded.configure = [configurer = Object(nb::borrow(items.at(3))), definitions](
                             execute::RunOptions& run, const std::vector<std::string>& assets) {
        return configure(configurer, *definitions, run, assets);
      };
    }
    if (items.size() > 4) {
      loaded.sample_config = [sampler = Object(nb::borrow(items.at(4)))](
                                 const std::string& job) -> Result<std::string> {
        const nb::gil_scoped_acquire inner;
        try {
          return text_of(nb::borrow(sampler.get())(to_text(job)));
        } catch (nb::python_error& error) {
          return fail(error_of(error, "reading what the job takes"));
        }
      };
    }
    if (items.size() > 5) {
      const Items listed(items.at(5));
      for (std::size_t i = 0; i < listed.size(); ++i) {
        const Items one(listed.at(i));
        loaded.instigators.push_back({one.text(0), one.text(1), one.text(2), one.text(3),
                                      one.text(4), nb::cast<bool>(one.at(5))});
      }
    }
    return loaded;
  } catch (nb::python_error& error) {
    rethrow_problems(error);
    return fail(load_error(error));
  }
}

int run(nb::handle argv, nb::handle loader) {
  const std::vector<std::string> arguments = texts_of(argv);
  std::vector<const char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
  execute::Cancellation cancellation;
  const Object python_loader(nb::borrow(loader));
  cli::Program program;
  program.load = [&](const cli::LoadRequest& request) { return load(python_loader, request); };
  program.cancellation = &cancellation;
  program.flush_output = [] {
    const nb::gil_scoped_acquire gil;
    try {
      for (const char* stream : {"stdout", "stderr"}) {
        const nb::object file = nb::module_::import_("sys").attr(stream);
        if (!file.is_none()) file.attr("flush")();
      }
    } catch (nb::python_error&) {
      // User code closed it: there is nothing left to write out.
    }
  };
  program.read_yaml = [](const std::string& path) -> Result<std::string> {
    const nb::gil_scoped_acquire gil;
    try {
      return text_of(from_package("treadle._run.yaml", "as_json")(to_text(path)));
    } catch (nb::python_error& error) {
      return fail(error_of(error, "reading " + path));
    }
  };
  bool capturing = false;
  program.prepare_run = [&](execute::RunOptions& options) {
    options.fork_hooks = fork_hooks();
    if (options.logs_folder.empty()) return;
    const nb::gil_scoped_acquire gil;
    from_package("treadle._run.steps", "set_home")(to_text(parent_path(options.logs_folder)),
                                                   to_text(options.run_config));
    if (options.executor != execute::Executor::kInProcess) return;
    from_package("treadle._run.capture", "install")(to_text(options.logs_folder));
    capturing = true;
  };
  int code = 0;
  {
    const SignalScope signals(cancellation, SignalScope::Second::kKills);
    const nb::gil_scoped_release release;
    code = cli::main(static_cast<int>(pointers.size()), pointers.data(), program);
  }
  // A signal that came while no Python code ran has done its work; no Python code must run before this.
  if (cancellation.requested() && PyErr_CheckSignals() != 0) PyErr_Clear();
  if (capturing) from_package("treadle._run.capture", "remove")();
  return code;
}

}  // namespace

void bind_cli(nb::module_& module) {
  module.def("cli_main", run);
  module.def("wants_dagster", [](nb::handle folder) {
    return value_or_raise(app::read_settings(text_of(folder))).as_dagster;
  });
}

}  // namespace treadle::python
