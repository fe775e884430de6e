// Reading compiled time zones (TZif, RFC 8536) and the POSIX rule at their end.
#include <treadle/base/suggest.h>
#include <treadle/base/time_zone.h>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace treadle {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBeginning = std::numeric_limits<std::int64_t>::min() / 4;
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max() / 4;
constexpr int kLastYear = 2200;

std::vector<fs::path> zone_folders() {
  std::vector<fs::path> out;
  if (const char* folder = std::getenv("TZDIR"); folder && *folder) out.emplace_back(folder);
  for (const char* folder :
       {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"})
    out.emplace_back(folder);
  return out;
}

std::optional<std::string> read_zone_file(std::string_view name) {
  for (const fs::path& folder : zone_folders()) {
    std::error_code error;
    const fs::path path = folder / std::string(name);
    std::ifstream in;
    if (fs::is_regular_file(path, error)) in.open(path, std::ios::binary);
    if (!in.is_open()) continue;
    std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (bytes.starts_with("TZif")) return bytes;
  }
  return std::nullopt;
}

std::vector<std::string> all_zone_names() {
  std::vector<std::string> out = {"UTC"};
  for (const fs::path& folder : zone_folders()) {
    std::error_code error;
    fs::recursive_directory_iterator files(folder, error);
    for (; !error && files != fs::recursive_directory_iterator(); files.increment(error)) {
      const std::string name = files->path().lexically_relative(folder).string();
      if (name.starts_with("posix") || name.starts_with("right")) {
        files.disable_recursion_pending();
      } else if (files->is_regular_file(error) && name.find('.') == std::string::npos) {
        out.push_back(name);
      }
    }
    if (out.size() > 1) break;
  }
  return out;
}

// Names are looked up as files: nothing but what a zone's name can be.
bool plausible(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/') return false;
  for (char c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) &&
        std::string_view("/_+-").find(c) == std::string_view::npos)
      return false;
  return true;
}

struct Type {
  std::int32_t offset = 0;
  bool daylight = false;
  std::string name;
  std::int32_t saving = 0;
  bool operator==(const Type&) const = default;
};

struct Change {
  std::int64_t at = 0;
  std::size_t type = 0;
};

// Big-endian integers one after the other; past the end it reads zeros and `ok` turns false.
struct ZoneBytes {
  std::string_view bytes;
  bool ok = true;
  std::int64_t integer(std::size_t width) {
    if (bytes.size() < width) {
      ok = false;
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i)
      value = value << 8 | static_cast<unsigned char>(bytes[i]);
    bytes.remove_prefix(width);
    if (width == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
    return static_cast<std::int64_t>(value);
  }
  std::string_view take(std::size_t n) {
    if (bytes.size() < n) {
      ok = false;
      n = bytes.size();
    }
    auto out = bytes.substr(0, n);
    bytes.remove_prefix(n);
    return out;
  }
};

struct File {
  std::vector<Type> types;
  std::vector<Change> changes;
  std::string rule;
};

struct Counts {
  std::size_t isut, isstd, leap, time, type, chars;
};

std::optional<Counts> read_header(ZoneBytes& in) {
  if (in.take(4) != "TZif") return std::nullopt;
  in.take(16);
  Counts c{};
  for (std::size_t* n : {&c.isut, &c.isstd, &c.leap, &c.time, &c.type, &c.chars})
    *n = static_cast<std::size_t>(in.integer(4));
  if (!in.ok) return std::nullopt;
  return c;
}

// The second, 64-bit block of the file; every tzdata since 2005 has it.
std::optional<File> parse_file(std::string_view bytes) {
  ZoneBytes in{bytes};
  auto c = read_header(in);
  if (!c) return std::nullopt;
  in.take(c->time * 5 + c->type * 6 + c->chars + c->leap * 8 + c->isstd + c->isut);
  c = read_header(in);
  if (!c || c->type == 0) return std::nullopt;
  File out;
  for (std::size_t i = 0; i < c->time; ++i) out.changes.push_back({in.integer(8), 0});
  for (Change& change : out.changes) change.type = static_cast<std::size_t>(in.integer(1));
  std::vector<std::size_t> name_at;
  for (std::size_t i = 0; i < c->type; ++i) {
    Type type;
    type.offset = static_cast<std::int32_t>(in.integer(4));
    type.daylight = in.integer(1) != 0;
    name_at.push_back(static_cast<std::size_t>(in.integer(1)));
    out.types.push_back(type);
  }
  const std::string_view names = in.take(c->chars);
  for (std::size_t i = 0; i < out.types.size(); ++i) {
    const auto name = names.substr(std::min(name_at[i], names.size()));
    out.types[i].name = std::string(name.substr(0, name.find('\0')));
  }
  in.take(c->leap * 12 + c->isstd + c->isut);
  if (!in.ok || in.take(1) != "\n") return std::nullopt;
  out.rule = std::string(in.bytes.substr(0, in.bytes.find('\n')));
  for (const Change& change : out.changes)
    if (change.type >= out.types.size()) return std::nullopt;
  return out;
}

// How much of an offset is daylight saving is not in the file. It is inferred as Python's zoneinfo
// does, because that is what Dagster's gap rule asks: the difference to the standard time just
// before, else just after, else an hour.
void infer_savings(File& file) {
  for (std::size_t i = 1; i < file.changes.size(); ++i) {
    Type& type = file.types[file.changes[i].type];
    if (!type.daylight || type.saving != 0) continue;
    const Type& before = file.types[file.changes[i - 1].type];
    if (!before.daylight) type.saving = type.offset - before.offset;
    if (type.saving == 0 && i + 1 < file.changes.size()) {
      const Type& after = file.types[file.changes[i + 1].type];
      if (!after.daylight) type.saving = type.offset - after.offset;
    }
  }
  for (Type& type : file.types)
    if (type.daylight && type.saving == 0) type.saving = 3600;
}

// A POSIX TZ rule: "CET-1CEST,M3.5.0,M10.5.0/3".
class RuleParser {
 public:
  struct Date {
    char form = 'M';  // M: month, week, weekday; J: day 1..365 without the leap day; 0: day 0..365
    int month = 0, week = 0, day = 0;
    std::int32_t time = 2 * 3600;
  };
  struct Rule {
    Type standard, daylight;
    bool changes = false;
    Date start, end;
  };

  explicit RuleParser(std::string_view text) : text_(text) {}

  std::optional<Rule> parse() {
    Rule rule;
    rule.standard = {0, false, name(), 0};
    rule.standard.offset = -time();
    if (ok_ && !text_.empty()) {
      rule.changes = true;
      rule.daylight = {rule.standard.offset + 3600, true, name(), 0};
      if (!text_.empty() && text_.front() != ',') rule.daylight.offset = -time();
      rule.daylight.saving = rule.daylight.offset - rule.standard.offset;
      rule.start = date();
      rule.end = date();
    }
    if (!ok_ || !text_.empty()) return std::nullopt;
    return rule;
  }

 private:
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string name() {
    std::string out;
    if (take('<')) {
      while (!text_.empty() && text_.front() != '>') {
        out += text_.front();
        text_.remove_prefix(1);
      }
      ok_ = ok_ && take('>');
    } else {
      while (!text_.empty() && std::isalpha(static_cast<unsigned char>(text_.front()))) {
        out += text_.front();
        text_.remove_prefix(1);
      }
    }
    ok_ = ok_ && !out.empty();
    return out;
  }
  int number() {
    int out = 0;
    bool any = false;
    while (!text_.empty() && std::isdigit(static_cast<unsigned char>(text_.front())) &&
           out < 10'000) {
      out = out * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
      any = true;
    }
    ok_ = ok_ && any;
    return out;
  }
  std::int32_t time() {
    const int sign = take('-') ? -1 : (take('+'), 1);
    std::int32_t seconds = number() * 3600;
    if (take(':')) seconds += number() * 60;
    if (take(':')) seconds += number();
    return sign * seconds;
  }
  Date date() {
    Date out;
    ok_ = ok_ && take(',');
    if (take('M')) {
      out.month = number();
      ok_ = ok_ && take('.');
      out.week = number();
      ok_ = ok_ && take('.');
      out.day = number();
      ok_ = ok_ && out.month >= 1 && out.month <= 12;
    } else {
      out.form = take('J') ? 'J' : '0';
      out.day = number();
    }
    if (take('/')) out.time = time();
    return out;
  }

  std::string_view text_;
  bool ok_ = true;
};

// Wall-clock time of a rule's change in a year.
LocalSeconds change_in(int year, const RuleParser::Date& date) {
  std::int64_t day = 0;
  if (date.form == 'M') {
    const std::int64_t first = days_from_civil(year, date.month, 1);
    int of_month = (date.day - weekday(first) + 7) % 7 + 7 * (date.week - 1);
    while (of_month >= days_in_month(year, date.month)) of_month -= 7;
    day = first + of_month;
  } else {
    const bool leap = days_in_month(year, 2) == 29;
    day = days_from_civil(year, 1, 1) + date.day;
    if (date.form == 'J') day += leap && date.day >= 60 ? 0 : -1;
  }
  return day * kSecondsPerDay + date.time;
}

std::size_t add_type(std::vector<Type>& types, const Type& type) {
  for (std::size_t i = 0; i < types.size(); ++i)
    if (types[i] == type) return i;
  types.push_back(type);
  return types.size() - 1;
}

bool continue_with_rule(File& file) {
  if (file.rule.empty()) return true;
  const auto rule = RuleParser(file.rule).parse();
  if (!rule) return false;
  const std::size_t standard = add_type(file.types, rule->standard);
  const std::int64_t last = file.changes.empty() ? kBeginning : file.changes.back().at;
  if (!rule->changes) {
    if (file.changes.empty()) file.changes.push_back({kBeginning, standard});
    return true;
  }
  const std::size_t daylight = add_type(file.types, rule->daylight);
  const int first_year = file.changes.empty() ? 1900 : civil_time(last).year;
  std::vector<Change> added;
  for (int year = first_year; year <= kLastYear; ++year) {
    added.push_back({change_in(year, rule->start) - rule->standard.offset, daylight});
    added.push_back({change_in(year, rule->end) - rule->daylight.offset, standard});
  }
  std::sort(added.begin(), added.end(),
            [](const Change& a, const Change& b) { return a.at < b.at; });
  for (const Change& change : added)
    if (change.at > last) file.changes.push_back(change);
  return true;
}

}  // namespace

class TimeZoneLoader {
 public:
  static std::unique_ptr<TimeZone> utc() {
    auto zone = std::make_unique<TimeZone>();
    zone->name_ = "UTC";
    zone->names_ = {"UTC"};
    zone->periods_ = {{kBeginning, kEnd, 0, 0, 0}};
    return zone;
  }

  static Result<std::unique_ptr<TimeZone>> load(const std::string& name, std::string_view bytes) {
    auto file = parse_file(bytes);
    if (file) infer_savings(*file);
    if (!file || !continue_with_rule(*file))
      return fail(Errc::kCorrupt,
                  fmt::format("The time zone file of '{}' cannot be read: it is not "
                              "of the form TZif 2 or later. Install tzdata anew.",
                              name));
    auto zone = std::make_unique<TimeZone>();
    zone->name_ = name;
    for (const Type& type : file->types) zone->names_.push_back(type.name);
    // Before the first change: the first standard time, else the first there is.
    std::size_t first = 0;
    while (first < file->types.size() && file->types[first].daylight) ++first;
    if (first == file->types.size()) first = 0;
    const auto add = [&](std::int64_t at, std::size_t index) {
      const Type& type = file->types[index];
      if (!zone->periods_.empty()) zone->periods_.back().end = at;
      zone->periods_.push_back(
          {at, kEnd, type.offset, type.saving, static_cast<std::uint32_t>(index)});
    };
    add(kBeginning, first);
    for (const Change& change : file->changes) add(change.at, change.type);
    return zone;
  }
};

Result<const TimeZone*> TimeZone::find(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<TimeZone>, std::less<>> loaded;
  if (name == "UTC" || name == "utc") return &utc();
  std::lock_guard lock(mutex);
  if (auto found = loaded.find(name); found != loaded.end()) return found->second.get();
  const std::string key(name);
  std::optional<std::string> bytes;
  if (plausible(name)) bytes = read_zone_file(name);
  if (!bytes) {
    const auto names = all_zone_names();
    if (names.size() == 1)
      return fail(
          Errc::kNotFound,
          fmt::format("The time zone '{}' cannot be looked up: this machine has no time zone "
                      "data. Install the package tzdata, or point TZDIR at its folder.",
                      key));
    return fail(Errc::kNotFound,
                fmt::format("There is no time zone '{}'.{} Zones are named as in IANA's database, "
                            "such as 'Europe/Berlin'.",
                            key, did_you_mean(key, names)));
  }
  TREADLE_TRY(auto zone, TimeZoneLoader::load(key, *bytes));
  return loaded.emplace(key, std::move(zone)).first->second.get();
}

const TimeZone& TimeZone::utc() {
  static const std::unique_ptr<TimeZone> zone = TimeZoneLoader::utc();
  return *zone;
}

}  // namespace treadle
