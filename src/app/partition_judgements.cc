// What was found of an asset's partitions, kept in the home, so that a million of them are looked at
// once and not at each question.
#include <treadle/app/partitions.h>
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/plan/partition_mapping.h>

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace treadle::app {
namespace {

using plan::PartitionJudgement;

constexpr std::int64_t kWorthKeeping = 500;  // partitions looked at
constexpr std::size_t kMostVersions = 1000;  // told apart in what is kept
// The record forgets what begins so when it forgets events.
constexpr std::string_view kKeptBelow = "partitions/";

std::string text_of(const PartitionMapping& mapping) {
  std::string text = mapping.name();
  if (const auto* windows = std::get_if<TimeWindowMapping>(&mapping.data)) {
    text += ' ' + std::to_string(windows->start_offset) + ' ' + std::to_string(windows->end_offset);
  } else if (const auto* some = std::get_if<SpecificMapping>(&mapping.data)) {
    for (const std::string& key : some->keys) text += '\n' + key;
  } else if (const auto* table = std::get_if<StaticMapping>(&mapping.data)) {
    for (const auto& [upstream, downstream] : table->downstream_by_upstream) {
      text += '\n' + upstream;
      for (const std::string& key : downstream) text += '\t' + key;
    }
  } else if (const auto* one = std::get_if<MultiToSingleMapping>(&mapping.data)) {
    text += ' ' + one->dimension;
  } else if (const auto* grid = std::get_if<MultiMapping>(&mapping.data)) {
    for (const auto& d : grid->dimensions) {
      text += '\n' + d.upstream + '\t' + d.downstream + '\t';
      if (d.mapping) text += text_of(*d.mapping);
    }
  }
  return text;
}

// What is known of one upstream asset, and what its numbers refer to.
struct SeenUpstream {
  std::string reading;     // mapping and numbering; "" = without partitions
  std::int64_t event = 0;  // up to which its materializations were looked at
};

struct Kept {
  std::string numbering;
  std::int64_t event = 0;
  std::map<std::string, SeenUpstream> upstream;  // by asset key
  PartitionJudgement judgement;
};

void write_subset(JsonWriter& w, std::string_view name, const PartitionSubset& subset) {
  w.key(name).begin_array();
  for (const PartitionSubset::Range& range : subset.ranges()) w.value(range.begin).value(range.end);
  w.end_array();
}

void write_versions(JsonWriter& w, std::string_view name,
                    const PartitionJudgement::ByVersion& versions) {
  w.key(name).begin_array();
  for (const auto& [version, subset] : versions) {
    w.begin_object().field("version", version);
    write_subset(w, "partitions", subset);
    w.end_object();
  }
  w.end_array();
}

std::string text_of(const Kept& kept, const plan::AssetGraph& graph) {
  JsonWriter w;
  w.begin_object().field("numbering", kept.numbering).field("event", kept.event);
  write_versions(w, "code_versions", kept.judgement.code_versions);
  w.key("reads").begin_array();
  for (const PartitionJudgement::Read& read : kept.judgement.reads) {
    const std::string asset = graph.node(read.upstream).info->key.text();
    const SeenUpstream& seen = kept.upstream.at(asset);
    w.begin_object().field("asset", asset);
    w.field("reading", seen.reading).field("event", seen.event);
    write_subset(w, "unread", read.unread);
    write_subset(w, "changed", read.changed);
    write_versions(w, "used", read.used);
    w.end_object();
  }
  w.end_array().end_object();
  return std::move(w).str();
}

PartitionSubset read_subset(const boost::json::value& value) {
  std::vector<PartitionSubset::Range> ranges;
  const auto& numbers = value.as_array();
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
    ranges.push_back(
        {numbers[i].to_number<std::int64_t>(), numbers[i + 1].to_number<std::int64_t>()});
  }
  return PartitionSubset::of_ranges(std::move(ranges));
}

PartitionJudgement::ByVersion read_versions(const boost::json::value& value) {
  PartitionJudgement::ByVersion versions;
  for (const auto& one : value.as_array()) {
    versions.emplace_back(std::string(one.at("version").as_string()),
                          read_subset(one.at("partitions")));
  }
  return versions;
}

// Nothing: it cannot be read, or is about upstream assets that are gone.
std::optional<Kept> read_kept(const std::string& text, const plan::AssetGraph& graph) {
  boost::json::value value;
  if (!parse_json_value(text, value)) return std::nullopt;
  try {
    Kept kept;
    kept.numbering = value.at("numbering").as_string();
    kept.event = value.at("event").to_number<std::int64_t>();
    kept.judgement.code_versions = read_versions(value.at("code_versions"));
    for (const auto& one : value.at("reads").as_array()) {
      const std::string asset(one.at("asset").as_string());
      const plan::NodeId upstream = graph.find(AssetKey(asset));
      if (upstream == plan::kNoNode) return std::nullopt;
      kept.upstream[asset] = {std::string(one.at("reading").as_string()),
                              one.at("event").to_number<std::int64_t>()};
      kept.judgement.reads.push_back({.upstream = upstream,
                                      .unread = read_subset(one.at("unread")),
                                      .changed = read_subset(one.at("changed")),
                                      .used = read_versions(one.at("used"))});
    }
    return kept;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

Result<std::int64_t> last_made(Home& home, const AssetKey& asset) {
  TREADLE_TRY(const auto latest, home.record().latest_materialization(asset, ""));
  return latest ? latest->event_id : 0;
}

// Those that were made after an event.
Result<PartitionSubset> made_after(Home& home, const AssetKey& asset, const PartitionSet& set,
                                   std::int64_t event) {
  TREADLE_TRY(const std::vector<events::PartitionFact> facts,
              home.record().partition_facts(asset, event));
  std::vector<std::int64_t> made;
  for (const events::PartitionFact& fact : facts) {
    if (fact.materialized <= event) continue;
    if (const auto number = set.find(fact.partition)) made.push_back(*number);
  }
  return PartitionSubset::of(std::move(made));
}

// Answers one question with what is kept in a home.
class Judge {
 public:
  Judge(Home& home, const plan::PartitionQuestion& question, const plan::PartitionedFacts& own)
      : home_(home),
        question_(question),
        own_(own),
        key_(question.graph.node(question.node).info->key) {}

  Result<plan::PartitionStaleness> stale() {
    TREADLE_CHECK(look());
    const std::string name = std::string(kKeptBelow) + "judged/" + key_.text();
    TREADLE_TRY(const auto values, home_.record().values({name}));
    std::optional<Kept> kept;
    if (const auto at = values.find(name); at != values.end()) {
      kept = read_kept(at->second, question_.graph);
    }
    TREADLE_TRY(const PartitionSubset again, what_to_judge(kept));
    if (kept) now_.judgement = std::move(kept->judgement);
    plan::judge(question_, again & own_.made, now_.judgement);
    if ((again & own_.made).size() >= kWorthKeeping && can_be_kept()) {
      // Worth trying only: a home that cannot be written is read all the same.
      static_cast<void>(home_.record().set_values({{name, text_of(now_, question_.graph)}}));
    }
    return plan::stale_by(question_, now_.judgement);
  }

 private:
  // How far everything is that the answer depends on. Before any of it is read: what comes meanwhile
  // is looked at again by the next question.
  Result<void> look() {
    now_.numbering = numbering_of(own_.set);
    TREADLE_TRY(now_.event, last_made(home_, key_));
    const plan::Node& node = question_.graph.node(question_.node);
    for (const plan::NodeId upstream : node.parents) {
      const plan::Node& parent = question_.graph.node(upstream);
      if (parent.step == node.step) continue;
      SeenUpstream& seen = now_.upstream[parent.info->key.text()];
      const plan::PartitionedFacts* read = question_.facts(upstream);
      if (read == nullptr) continue;
      const PartitionMapping mapping =
          plan::mapping_between(question_.graph, question_.node, upstream);
      if (!plan::keeps(mapping)) keeps_ = false;
      seen.reading = text_of(mapping) + '\n' + numbering_of(read->set);
      TREADLE_TRY(seen.event, last_made(home_, parent.info->key));
    }
    return {};
  }

  Result<PartitionSubset> what_to_judge(std::optional<Kept>& kept) {
    if (!kept || !keeps_ || kept->numbering != now_.numbering ||
        kept->upstream.size() != now_.upstream.size()) {
      kept.reset();
      return own_.set.all();
    }
    PartitionSubset again;
    if (kept->event != now_.event) {
      TREADLE_TRY(again, made_after(home_, key_, own_.set, kept->event));
    }
    for (const auto& [asset, seen] : now_.upstream) {
      const auto known = kept->upstream.find(asset);
      if (known == kept->upstream.end() || known->second.reading != seen.reading) {
        kept.reset();
        return own_.set.all();
      }
      if (seen.reading.empty() || known->second.event == seen.event) continue;
      const plan::NodeId upstream = question_.graph.find(AssetKey(asset));
      const PartitionSet& set = question_.facts(upstream)->set;
      TREADLE_TRY(const PartitionSubset made,
                  made_after(home_, AssetKey(asset), set, known->second.event));
      TREADLE_TRY(
          const PartitionSubset below,
          plan::downstream_of(plan::mapping_between(question_.graph, question_.node, upstream), set,
                              made, own_.set));
      again = again | below;
    }
    return again;
  }

  bool can_be_kept() const {
    return keeps_ && now_.judgement.code_versions.size() <= kMostVersions &&
           std::all_of(now_.judgement.reads.begin(), now_.judgement.reads.end(),
                       [](const auto& read) { return read.used.size() <= kMostVersions; });
  }

  Home& home_;
  const plan::PartitionQuestion& question_;
  const plan::PartitionedFacts& own_;
  const AssetKey& key_;
  bool keeps_ = true;
  Kept now_;
};

}  // namespace

Result<plan::PartitionStaleness> stale_partitions(Home& home,
                                                  const plan::PartitionQuestion& question) {
  const plan::PartitionedFacts* own = question.facts(question.node);
  if (own == nullptr) return plan::PartitionStaleness{};
  return Judge(home, question, *own).stale();
}

Result<std::string> version_read_now(Home& home, const plan::PartitionQuestion& question,
                                     plan::NodeId upstream) {
  const plan::PartitionedFacts* read = question.facts(upstream);
  if (read == nullptr || read->made.size() < kWorthKeeping) {
    return plan::version_read_now(question, upstream);
  }
  const PartitionMapping mapping = plan::mapping_between(question.graph, question.node, upstream);
  if (!plan::keeps(mapping)) return plan::version_read_now(question, upstream);
  const AssetKey& asset = question.graph.node(upstream).info->key;
  TREADLE_TRY(const std::int64_t event, last_made(home, asset));
  const std::string reading =
      std::to_string(event) + '\n' + text_of(mapping) + '\n' + numbering_of(read->set) + '\n';
  const std::string name = std::string(kKeptBelow) + "read/" +
                           question.graph.node(question.node).info->key.text() + '\n' +
                           asset.text();
  TREADLE_TRY(const auto values, home.record().values({name}));
  if (const auto at = values.find(name); at != values.end() && at->second.starts_with(reading)) {
    return at->second.substr(reading.size());
  }
  std::string version = plan::version_read_now(question, upstream);
  static_cast<void>(home.record().set_values({{name, reading + version}}));
  return version;
}

}  // namespace treadle::app
