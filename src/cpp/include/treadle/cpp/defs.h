// Defs: declares assets, checks, sources, resources and IO managers from ordinary functions.
// Declaring runs nothing. Mistakes that the types show do not compile; the others are found
// together, each with its place, when the definitions are used.
#pragma once

#include <treadle/cpp/asset.h>
#include <treadle/cpp/automation.h>
#include <treadle/cpp/body.h>
#include <treadle/cpp/compose.h>
#include <treadle/cpp/configured_resource.h>
#include <treadle/cpp/graph_asset.h>
#include <treadle/cpp/multi_asset_sensor.h>

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace treadle {

// Not thread-safe; a value.
class Defs {
 public:
  Defs();
  ~Defs();
  Defs(const Defs&);
  Defs(Defs&&) noexcept;
  Defs& operator=(const Defs&);
  Defs& operator=(Defs&&) noexcept;

  // An asset computed by `fn`: its parameters, in order, are the values of what is wired to it
  // (assets, td::by_name<T>, resources), after a td::Context& if it wants one. It returns the
  // value, a td::Output with facts, nothing (void), or a td::Result of these; an error or an
  // exception fails the step.
  template <class F, class... Wired>
  auto asset(const AssetOptions& options, F fn, const Wired&... wired) {
    using T = typename cpp::Kept<cpp::ResultOf<F, Wired...>>::type;
    return finish_asset<T>(add_asset(options), std::move(fn), wired...);
  }
  template <class F, class... Wired>
  auto asset(const Named& name, F fn, const Wired&... wired) {
    using T = typename cpp::Kept<cpp::ResultOf<F, Wired...>>::type;
    return finish_asset<T>(add_asset(name), std::move(fn), wired...);
  }

  // Several assets computed together: `fn` returns a std::tuple, std::pair or std::array with one
  // element for each, in order; a std::optional element may be absent, which leaves that asset and
  // what follows from it unmade. Gives back a std::tuple of handles.
  template <class F, class... Wired>
  auto multi_asset(const MultiAssetOptions& options, F fn, const Wired&... wired) {
    using Elements = typename cpp::Elements<cpp::ResultOf<F, Wired...>>::type;
    StepDef& step = add_multi_asset(options, Elements::kSize);
    return finish_multi_asset(Elements(), step, std::move(fn), wired...);
  }
  template <std::size_t N, class F, class... Wired>
  auto multi_asset(const OutputOptions (&outputs)[N], F fn, const Wired&... wired) {
    static_cast<void>(cpp::NamesForResult<N, cpp::ResultOf<F, Wired...>>::kOk);
    return multi_asset(
        MultiAssetOptions{.outputs = {outputs, outputs + N}, .where = outputs[0].where},
        std::move(fn), wired...);
  }
  template <std::size_t N, class F, class... Wired>
  auto multi_asset(const Named (&names)[N], F fn, const Wired&... wired) {
    static_cast<void>(cpp::NamesForResult<N, cpp::ResultOf<F, Wired...>>::kOk);
    MultiAssetOptions options{.where = names[0].where};
    for (const Named& name : names) options.outputs.push_back({.key = name.key});
    return multi_asset(options, std::move(fn), wired...);
  }

  // A check of an asset: `fn` takes its value (after a td::Context& if it wants one, before what
  // else is wired) and returns a td::CheckResult, a bool, or a td::Result of these.
  template <class T, class F, class... Wired>
  void check(const Named& name, const Asset<T>& asset, F fn, const CheckOptions& options = {},
             const Wired&... wired) {
    StepDef& step = add_check(name, asset.key(), options);
    cpp::declare(step, asset);
    (cpp::declare(step, wired), ...);
    cpp::give_body<OfCheck>(step, std::move(fn), 0, asset, wired...);
  }

  // Several checks made by one function, which returns a std::tuple, std::pair or std::array of what a check returns, in order; a
  // std::optional may be absent when the checks can be run in part. What is wired comes as for assets.
  template <class F, class... Wired>
  void multi_check(const MultiCheckOptions& options, F fn, const Wired&... wired) {
    using R = cpp::ResultOf<F, Wired...>;
    StepDef& step = add_multi_check(options, std::tuple_size_v<R>);
    (cpp::declare(step, wired), ...);
    cpp::give_body<OfMultiCheck>(step, std::move(fn), 0, wired...);
  }

  // An asset made by a graph, or an op, of one output: its inputs are what is wired, in order. Outputs of td::CheckResult, after it,
  // are the checks that the options name. Intermediate values are kept like those of any op.
  template <class Used, class... In, class... Wired>
  auto graph_asset(const AssetOptions& options, const Op<Used, In...>& made_by,
                   const Wired&... wired) {
    auto handles = finish_graph_asset(cpp::graph_asset_of(options), made_by, wired...);
    static_assert(std::tuple_size_v<decltype(handles)> == 1,
                  "treadle: this graph makes several assets: use graph_multi_asset");
    return std::get<0>(std::move(handles));
  }
  template <class Used, class... In, class... Wired>
  auto graph_asset(const Named& name, const Op<Used, In...>& made_by, const Wired&... wired) {
    return graph_asset(AssetOptions{.key = name.key, .where = name.where}, made_by, wired...);
  }
  // Several assets made by one graph that returns a std::tuple of nodes. Gives back a std::tuple of handles.
  template <class Used, class... In, class... Wired>
  auto graph_multi_asset(const MultiAssetOptions& options, const Op<Used, In...>& made_by,
                         const Wired&... wired) {
    return finish_graph_asset(cpp::graph_asset_of(options), made_by, wired...);
  }

  // An asset that another program or Python makes, read as a T from the same home (or through an IO
  // manager of yours). Whether it is one is checked when the value is read.
  template <class T>
  Asset<T> source(SourceOptions options) {
    static_cast<void>(cpp::ValuesOfType<T>::kCanBeKept);
    const AssetKey key = options.key;
    add_source(std::move(options), &typeid(T));
    return Asset<T>(key);
  }
  template <class T>
  Asset<T> source(Named name) {
    return source<T>(SourceOptions{.key = std::move(name.key), .where = name.where});
  }
  // A source with a function that looks at it and says which version of its data there is: a
  // std::string, a td::Observed, or a td::Result of these. Materializing the asset calls it; what
  // reads the asset is stale when another version was seen.
  //   defs.observable_source<Table>({.key = "orders"}, [](Database& db) { return db.last_change(); }, db);
  template <class T = void, class F, class... Wired>
  Asset<T> observable_source(SourceOptions options, F fn, const Wired&... wired) {
    const AssetKey key = options.key;
    StepDef& step = add_observer(std::move(options), std::is_void_v<T> ? nullptr : &typeid(T));
    const std::size_t first_input = step.inputs.size();
    (cpp::declare(step, wired), ...);
    cpp::give_body<OfObservation>(step, std::move(fn), first_input, wired...);
    return Asset<T>(key);
  }
  // An asset of which only its name and what is said about it is known: for lineage, and to be looked at.
  Asset<void> external(SourceOptions options);
  // A file or folder on disk as an asset: what reads it is stale when its content changes. A
  // relative path starts at the current folder.
  Asset<File> file_source(Named name, const std::string& path);
  Asset<File> file_source(SourceOptions options, const std::string& path);
  Asset<Folder> folder_source(Named name, const std::string& path);
  Asset<Folder> folder_source(SourceOptions options, const std::string& path);

  // A resource: `make` returns it (or a pointer to it, or a td::Result) when a run needs it;
  // `tear_down(T&)` is called at the end, before it is destroyed.
  template <class Make>
  auto resource(std::string key, Make make) {
    return resource(std::move(key), std::move(make), cpp::NoTearDown());
  }
  template <class Make, class TearDown, class... Needed>
  auto resource(std::string key, Make make, TearDown tear_down,
                const ResourceHandle<Needed>&... needed) {
    using T = cpp::ResourceOf<Make, Needed...>;
    definitions_.resources[key] = std::make_shared<cpp::MadeResource<T, Make, TearDown, Needed...>>(
        std::move(make), std::move(tear_down), std::vector<std::string>{needed.key()...});
    return ResourceHandle<T>(std::move(key));
  }
  // A resource that is made from others: `make` takes them. They are set up before, and torn down after it.
  template <class Make, class First, class... Needed>
  auto resource(std::string key, Make make, const ResourceHandle<First>& first,
                const ResourceHandle<Needed>&... needed) {
    return resource(std::move(key), std::move(make), cpp::NoTearDown(), first, needed...);
  }

  // A resource that a run may configure, below resources -> key -> config: `make` takes a const C& of what td::Config<C> reads, before
  // the resources it needs.
  template <class C, class Make, class TearDown, class... Needed>
  auto resource(std::string key, Config<C>, Make make, TearDown tear_down,
                const ResourceHandle<Needed>&... needed) {
    using Bound = cpp::ConfiguredMake<C, Make, Needed...>;
    using T = typename Bound::Made;
    definitions_.resources[key] =
        std::make_shared<cpp::ConfiguredResource<T, C, Make, TearDown, Needed...>>(
            std::move(make), std::move(tear_down), std::vector<std::string>{needed.key()...});
    return ResourceHandle<T>(std::move(key));
  }
  template <class C, class Make>
  auto resource(std::string key, Config<C> config, Make make) {
    return resource(std::move(key), config, std::move(make), cpp::NoTearDown());
  }

  // Everything that another set declares, too. What both declare is a mistake that is told with the others.
  Defs& merge(const Definitions& other);
  // Everything that is wrong, as running would tell it; empty: nothing.
  std::vector<Problem> problems() const;
  // Changes what is said of assets: group, owners, tags, metadata ... Called for each, sources too.
  Defs& map_assets(const std::function<void(AssetInfo&)>& change);

  void io_manager(std::string key, std::shared_ptr<IOManager> manager);
  // Where the steps of all runs are executed, but of jobs that say it themselves.
  void executor(Executor executor);
  // A named selection of assets (selection syntax) that can be run by name.
  void job(std::string name, std::string selection, JobOptions options = {});
  // A job of ops, wired together by a function that takes a td::Compose& (compose.h), or a graph.
  template <class F>
    requires std::invocable<F&, Compose&>
  void job(std::string name, F compose, JobOptions options = {}) {
    auto made = cpp::new_graph(name, options.where);
    Compose c(*made);
    compose(c);
    add_job(std::move(name), std::move(made), std::move(options));
  }
  template <class F>
    requires(cpp::Signature<F>::kKnown && !std::invocable<F&, Compose&>)
  void job(std::string, F, JobOptions = {}) {
    static_assert(sizeof(F) == 0,
                  "treadle: the function of a job takes a td::Compose& and nothing else");
  }
  template <class Used>
  void job(std::string name, const Op<Used>& graph, JobOptions options = {}) {
    add_job(std::move(name), graph.graph(), std::move(options));
  }

  // Runs of a job at the ticks of a cron expression; with a function what it returns: a RunRequest,
  // several, a SkipReason or a TickResult, or a td::Result of it.
  void schedule(ScheduleOptions options) { add_schedule(std::move(options), {}); }
  template <class F>
    requires std::invocable<F&, TickContext&>
  void schedule(ScheduleOptions options, F fn) {
    add_schedule(std::move(options),
                 [fn = std::move(fn)](TickContext& c) mutable { return cpp::asked(fn, c); });
  }
  // A run of each partition of a job when its window has ended. The job: one declared before. Of
  // partitions that are not of time all at each tick of `cron`.
  void schedule_partitions(std::string job, ScheduleOptions options = {});
  // A function that is asked again and again; it says in TickResult::cursor what it has seen.
  template <class F>
    requires std::invocable<F&, TickContext&>
  void sensor(SensorOptions options, F fn) {
    add_sensor(std::move(options),
               [fn = std::move(fn)](TickContext& c) mutable { return cpp::asked(fn, c); });
  }
  // Asked for each new materialization of an asset: fn(TickContext&, const Event&).
  template <class F>
    requires std::invocable<F&, TickContext&, const Event&>
  void asset_sensor(SensorOptions options, AssetKey asset, F fn) {
    add_sensor(std::move(options),
               cpp::for_each_materialization(
                   std::move(asset), [fn = std::move(fn)](TickContext& c, const Event& e) mutable {
                     return cpp::asked(fn, c, e);
                   }));
  }
  // Asked at each tick with what is new of several assets: fn(AssetsTick&). The assets: keys, or a selection of what is
  // declared, made at each tick.
  template <class F>
    requires std::invocable<F&, AssetsTick&>
  void multi_asset_sensor(SensorOptions options, MonitoredAssets assets, F fn) {
    add_sensor(
        std::move(options),
        cpp::for_each_tick_of(std::move(assets), [fn = std::move(fn)](AssetsTick& t) mutable {
          return cpp::asked(fn, t);
        }));
  }
  // Asked for each run (of these jobs, none: any) that starts, succeeds, fails or is cancelled:
  // fn(TickContext&, const Run&).
  template <class F>
    requires std::invocable<F&, TickContext&, const Run&>
  void run_status_sensor(SensorOptions options, RunStatus status, F fn,
                         std::vector<std::string> jobs = {}) {
    add_sensor(std::move(options),
               cpp::for_each_run(status, std::move(jobs),
                                 [fn = std::move(fn)](TickContext& c, const Run& run) mutable {
                                   return cpp::asked(fn, c, run);
                                 }));
  }

  const Definitions& definitions() const { return definitions_; }
  // NOLINTNEXTLINE(google-explicit-constructor): handed over as they are
  operator const Definitions&() const { return definitions_; }

 private:
  // What becomes of the result, by kind of step.
  struct OfCheck {
    static void hand_over(Context& context, CheckResult result);
    static void hand_over(Context& context, bool passed) {
      hand_over(context, CheckResult{.passed = passed});
    }
    template <class R>
      requires(!std::convertible_to<R, bool> && !std::convertible_to<R, CheckResult>)
    static void hand_over(Context&, const R&) {
      static_assert(sizeof(R) == 0,
                    "treadle: the function of a check returns a td::CheckResult, a bool, or a "
                    "td::Result of one of them");
    }
  };
  struct OfMultiCheck {
    template <class R>
    static void hand_over(Context& context, R results) {
      std::size_t next = 0;
      std::apply([&](auto&... result) { (report(context, next++, std::move(result)), ...); },
                 results);
    }
    static void report(Context& context, std::size_t check, CheckResult result) {
      cpp::report_check(context, check, std::move(result));
    }
    static void report(Context& context, std::size_t check, bool passed) {
      cpp::report_check(context, check, CheckResult{.passed = passed});
    }
    template <class R>
    static void report(Context& context, std::size_t check, std::optional<R> result) {
      if (result) report(context, check, std::move(*result));
    }
  };
  struct OfAsset {
    static void hand_over(Context& context) { cpp::hand_over(context, 0, Value(), nullptr); }
    template <class R>
    static void hand_over(Context& context, R result) {
      cpp::hand_over_element(context, 0, std::move(result));
    }
  };
  struct OfObservation {
    static void hand_over(Context& context, std::string version);
    static void hand_over(Context& context, Observed observed);
    template <class R>
      requires(!std::convertible_to<R, std::string> && !std::convertible_to<R, Observed>)
    static void hand_over(Context&, const R&) {
      static_assert(sizeof(R) == 0,
                    "treadle: the function of an observable source returns which version it saw: a "
                    "std::string, a td::Observed, or a td::Result of one of them");
    }
  };
  struct OfMultiAsset {
    template <class R>
    static void hand_over(Context& context, R result) {
      cpp::hand_over_all(context, std::move(result),
                         std::make_index_sequence<std::tuple_size_v<R>>());
    }
  };

  template <class T, class F, class... Wired>
  Asset<T> finish_asset(StepDef& step, F fn, const Wired&... wired) {
    static_cast<void>(cpp::ValuesOfType<T>::kCanBeKept);
    cpp::describe_output<T>(step.outputs.front());
    const std::size_t first_input = step.inputs.size();
    (cpp::declare(step, wired), ...);
    cpp::give_body<OfAsset>(step, std::move(fn), first_input, wired...);
    return Asset<T>(step.outputs.front().asset.key);
  }
  template <class... E, class F, class... Wired>
  std::tuple<Asset<typename E::type>...> finish_multi_asset(cpp::Types<E...>, StepDef& step, F fn,
                                                            const Wired&... wired) {
    static_cast<void>((cpp::ValuesOfType<typename E::type>::kCanBeKept && ...));
    std::size_t next = 0;
    (describe_element<E>(step.outputs[next++]), ...);
    const std::size_t first_input = step.inputs.size();
    (cpp::declare(step, wired), ...);
    cpp::give_body<OfMultiAsset>(step, std::move(fn), first_input, wired...);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<Asset<typename E::type>...>{
          Asset<typename E::type>(step.outputs[I].asset.key)...};
    }(std::index_sequence_for<E...>());
  }
  template <class E>
  static void describe_element(OutputDef& output) {
    cpp::describe_output<typename E::type>(output);
    output.required = E::kRequired;
  }

  template <class Used, class... In, class... Wired>
  auto finish_graph_asset(cpp::GraphAssetParts parts, const Op<Used, In...>& made_by,
                          const Wired&... wired) {
    cpp::wire_graph_asset(parts, made_by.op(), made_by.graph(),
                          cpp::graph_asset_inputs(cpp::Types<In...>(), wired...),
                          cpp::GraphAssets<Used>::checks());
    std::size_t next = 0;
    auto handles = cpp::GraphAssets<Used>::handles(parts, next);
    add_graph_asset(std::move(parts.def));
    return handles;
  }

  // In defs.cc: what does not depend on types.
  StepDef& add_multi_check(const MultiCheckOptions& options, std::size_t returned);
  void add_graph_asset(GraphAssetDef def);
  StepDef& add_asset(const AssetOptions& options);
  StepDef& add_asset(const Named& name);
  StepDef& add_multi_asset(const MultiAssetOptions& options, std::size_t returned);
  StepDef& add_check(const Named& name, const AssetKey& asset, const CheckOptions& options);
  void add_job(std::string name, std::shared_ptr<const GraphDef> graph, JobOptions options);
  void add_source(SourceOptions options, const std::type_info* type);
  StepDef& add_observer(SourceOptions options, const std::type_info* type);
  void add_schedule(ScheduleOptions options, TickFunction evaluate);
  void add_sensor(SensorOptions options, TickFunction evaluate);
  void add_file_source(SourceOptions options, const std::type_info* type, const std::string& path);

  Definitions definitions_;
};

}  // namespace treadle
