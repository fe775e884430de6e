// Cron expressions to masks, with croniter's reading of every corner.
#include <treadle/base/cron.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>

namespace treadle {
namespace {

struct Field {
  std::string_view name;
  int low, high;
  std::array<std::string_view, 12> names;
  int first_name;
};

constexpr std::array<std::string_view, 12> kMonthWords = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 12> kWeekdays = {"sun", "mon", "tue", "wed",
                                                        "thu", "fri", "sat"};
// In the order of an expression: seconds come after the weekday.
constexpr std::array<Field, 7> kFields = {{{"minute", 0, 59, {}, 0},
                                           {"hour", 0, 23, {}, 0},
                                           {"day", 1, 31, {}, 0},
                                           {"month", 1, 12, kMonthWords, 1},
                                           {"weekday", 0, 6, kWeekdays, 0},
                                           {"second", 0, 59, {}, 0},
                                           {"year", 1970, 2099, {}, 0}}};
constexpr int kDay = 2, kWeekday = 4, kYear = 6;

struct Alias {
  std::string_view name, meaning;
};
constexpr Alias kAliases[] = {{"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"},
                              {"@daily", "0 0 * * *"},    {"@weekly", "0 0 * * 0"},
                              {"@monthly", "0 0 1 * *"},  {"@yearly", "0 0 1 1 *"},
                              {"@annually", "0 0 1 1 *"}};

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> out(1);
  for (char c : text) {
    if (separators.find(c) == std::string_view::npos) {
      out.back() += c;
    } else {
      out.emplace_back();
    }
  }
  return out;
}

std::vector<std::string> words(std::string_view text) {
  auto out = split(text, " \t\n\r\f\v");
  std::erase(out, "");
  return out;
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.size() <= 6 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int to_int(std::string_view digits) {
  int out = 0;
  for (char c : digits) out = out * 10 + (c - '0');
  return out;
}

// What one field means: its values in [low, high], and the special forms.
struct Values {
  std::vector<int> values;
  bool all = false;                      // '*' or every value
  bool star = false;                     // '*' itself
  bool last = false;                     // L as a day
  std::array<std::uint8_t, 6> nth = {};  // as CronFields
  bool has_nth = false;
};

class FieldParser {
 public:
  FieldParser(std::string_view expression, int index, std::string_view text)
      : expression_(expression),
        index_(index),
        field_(kFields[static_cast<std::size_t>(index)]),
        text_(text) {}

  Result<Values> parse() {
    std::string_view text = text_;
    if (text.find('?') != std::string_view::npos) {
      if (text != "?" || (index_ != kDay && index_ != kWeekday))
        return mistake("'?' stands alone, and only for the day or the weekday");
      text = "*";
    }
    Values out;
    for (const std::string& part : split(text, ",")) TREADLE_CHECK(add(part, out));
    std::sort(out.values.begin(), out.values.end());
    out.values.erase(std::unique(out.values.begin(), out.values.end()), out.values.end());
    return out;
  }

 private:
  tl::unexpected<Error> mistake(std::string_view what) const {
    return fail(Errc::kInvalidArgument,
                fmt::format("The cron expression '{}' cannot be used: its {} '{}': {}.",
                            expression_, field_.name, text_, what));
  }

  Result<void> add(std::string_view part, Values& out) {
    if (part == "*") {
      out.all = out.star = true;
      return {};
    }
    if (index_ == kDay && part == "l") {
      out.last = true;
      return {};
    }
    int nth = -1;
    if (index_ == kWeekday) TREADLE_CHECK(take_nth(part, nth));
    TREADLE_TRY(const auto values, values_of(part));
    if (nth >= 0) {
      out.has_nth = true;
      for (int value : values)
        out.nth[static_cast<std::size_t>(nth)] |= static_cast<std::uint8_t>(1 << value);
    } else {
      out.values.insert(out.values.end(), values.begin(), values.end());
    }
    return {};
  }

  // "mon#2", "mon-fri#1": the n-th of the month; "l5": the last. Leaves the weekdays in `part`.
  Result<void> take_nth(std::string_view& part, int& nth) const {
    if (part.size() > 1 && part.front() == 'l' && all_digits(part.substr(1))) {
      part.remove_prefix(1);
      nth = 0;
      return {};
    }
    const auto hash = part.find('#');
    if (hash == std::string_view::npos) return {};
    const auto count = part.substr(hash + 1);
    const bool numeric_range = part.substr(0, hash).find('-') != std::string_view::npos &&
                               std::isdigit(static_cast<unsigned char>(part.front()));
    if (!all_digits(count) || to_int(count) < 1 || to_int(count) > 5 || numeric_range)
      return mistake(
          "after '#' comes which one of the month, 1 to 5, and before it a weekday or a range of "
          "names");
    nth = to_int(count);
    part = part.substr(0, hash);
    return {};
  }

  Result<int> value_of(std::string_view text) const {
    int value = -1;
    if (all_digits(text)) {
      value = to_int(text);
      if (index_ == kWeekday && value == 7) value = 0;
    } else {
      for (std::size_t i = 0; i < field_.names.size(); ++i)
        if (!field_.names[i].empty() && field_.names[i] == text)
          value = field_.first_name + static_cast<int>(i);
      if (value < 0)
        return mistake(fmt::format("'{}' is neither a number nor a name it knows", text));
    }
    if (value < field_.low || value > field_.high)
      return mistake(fmt::format("{} is not between {} and {}", text, field_.low, field_.high));
    return value;
  }

  // A value, a range, or either with a step. "10/5" goes on to the highest value; "*/5" is the whole range.
  Result<std::vector<int>> values_of(std::string_view part) const {
    const auto slash = part.find('/');
    const auto range = part.substr(0, slash);
    int step = 1;
    if (slash != std::string_view::npos) {
      const auto digits = part.substr(slash + 1);
      if (!all_digits(digits) || to_int(digits) == 0)
        return mistake("after '/' comes a step of 1 or more");
      step = to_int(digits);
    }
    const auto dash = range.find('-');
    if (dash == std::string_view::npos && slash == std::string_view::npos) {
      TREADLE_TRY(const int value, value_of(range));
      return std::vector<int>{value};
    }
    if (range == "*") return sequence(field_.low, field_.high, step);
    TREADLE_TRY(const int low, value_of(range.substr(0, dash)));
    int high = field_.high;
    if (dash != std::string_view::npos) {
      const auto text = range.substr(dash + 1);
      if (index_ != kDay || text != "l") {
        TREADLE_TRY(high, value_of(text));
      }
    }
    // A range from a value to itself is the whole cycle, as "sun-sun" is.
    if (low == high) return sequence(field_.low, field_.high, step);
    if (low < high) return sequence(low, high, step);
    auto out = sequence(low, field_.high, step);
    // Around the end: the step counts on across it, save that the first value is always a candidate
    // when the step has come out even.
    const int size = field_.high - field_.low + 1;
    const int left = field_.high - out.back();
    const int position = out.back() - field_.low;
    const int skip = position + step > size && left < step ? step - left : 0;
    const auto rest = sequence(field_.low + skip, high, step);
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
  }

  static std::vector<int> sequence(int low, int high, int step) {
    std::vector<int> out;
    for (int value = low; value <= high; value += step) out.push_back(value);
    return out;
  }

  std::string_view expression_;
  int index_;
  const Field& field_;
  std::string_view text_;
};

template <class Mask>
Mask mask_of(const Values& field, const Field& range) {
  Mask out = 0;
  if (field.all)
    for (int v = range.low; v <= range.high; ++v) out = static_cast<Mask>(out | Mask{1} << v);
  for (int v : field.values) out = static_cast<Mask>(out | Mask{1} << v);
  return out;
}

// A day that no month of the expression has: it would never tick.
bool never_ticks(const CronFields& f) {
  if (f.any_day || !f.any_weekday || f.last_day || f.has_nth) return false;
  for (int month = 1; month <= 12; ++month)
    if (f.months >> month & 1)
      for (int day = 1; day <= days_in_month(2000, month); ++day)
        if (f.days >> day & 1) return false;
  return true;
}

}  // namespace

Result<CronFields> parse_cron(std::string_view expression) {
  std::string lower(expression);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Alias& alias : kAliases)
    if (lower == alias.name) lower = alias.meaning;
  const auto parts = words(lower);
  if (parts.size() < 5 || parts.size() > 7)
    return fail(
        Errc::kInvalidArgument,
        fmt::format("The cron expression '{}' cannot be used: it has {} fields. Give minute, "
                    "hour, day, month and weekday, and after them seconds and a year if "
                    "needed, or one of @hourly, @daily, @weekly, @monthly, @yearly.",
                    expression, parts.size()));
  std::array<Values, 7> v;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    TREADLE_TRY(v[i], FieldParser(expression, static_cast<int>(i), parts[i]).parse());
    const int size = kFields[i].high - kFields[i].low + 1;
    if (static_cast<int>(v[i].values.size()) == size) v[i].all = true;
  }
  // All days written out, as 1-31 or */1, beside certain weekdays are still every day: one of the two
  // suffices. Beside any asterisk in the other field they are as good as '*'.
  const auto written_out = [&](int field, int other) {
    const auto& values = v[static_cast<std::size_t>(field)];
    return values.all && !values.star &&
           parts[static_cast<std::size_t>(other)].find('*') == std::string::npos;
  };
  CronFields f;
  f.minutes = mask_of<std::uint64_t>(v[0], kFields[0]);
  f.hours = mask_of<std::uint32_t>(v[1], kFields[1]);
  f.days = mask_of<std::uint32_t>(v[2], kFields[2]);
  f.months = mask_of<std::uint16_t>(v[3], kFields[3]);
  f.weekdays = mask_of<std::uint8_t>(v[4], kFields[4]);
  f.last_day = v[kDay].last;
  f.any_day = v[kDay].all && !written_out(kDay, kWeekday);
  f.any_weekday = v[kWeekday].all && !written_out(kWeekday, kDay);
  f.has_nth = v[kWeekday].has_nth;
  std::copy(v[kWeekday].nth.begin(), v[kWeekday].nth.end(), f.nth_weekdays);
  if (parts.size() > 5) f.seconds = mask_of<std::uint64_t>(v[5], kFields[5]);
  if (parts.size() > 6 && !v[kYear].all)
    for (int year : v[kYear].values) f.years.push_back(static_cast<std::uint16_t>(year));
  if (f.has_nth && f.weekdays != 0 && !v[kWeekday].all)
    return fail(Errc::kInvalidArgument,
                fmt::format("The cron expression '{}' cannot be used: its weekday '{}' mixes whole "
                            "weekdays with the n-th of a month. Give two expressions.",
                            expression, parts[kWeekday]));
  if (never_ticks(f))
    return fail(Errc::kInvalidArgument,
                fmt::format("The cron expression '{}' never ticks: no month of it has that day.",
                            expression));

  const bool one_time =
      parts.size() == 5 && std::popcount(f.minutes) == 1 && std::popcount(f.hours) == 1;
  const bool all_months = v[3].all;
  if (v[1].all) {
    f.kind = CronFields::Kind::kEveryHour;
  } else if (one_time && all_months && !f.has_nth && !f.last_day &&
             (f.any_day || (f.any_weekday && std::popcount(f.days) == 1 && !(f.days >> 29)))) {
    f.kind = CronFields::Kind::kOneTimePerDay;
  }
  return f;
}

Result<CronSchedule> CronSchedule::parse(std::string_view expression, std::string_view zone) {
  return parse(std::vector<std::string>{std::string(expression)}, zone);
}

Result<CronSchedule> CronSchedule::parse(const std::vector<std::string>& expressions,
                                         std::string_view zone) {
  if (expressions.empty())
    return fail(Errc::kInvalidArgument, "A schedule needs at least one cron expression.");
  CronSchedule out;
  out.expressions_ = expressions;
  for (const std::string& expression : expressions) {
    TREADLE_TRY(auto fields, parse_cron(expression));
    out.fields_.push_back(std::move(fields));
  }
  TREADLE_TRY(out.zone_, TimeZone::find(zone));
  return out;
}

bool CronSchedule::has_seconds() const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [](const CronFields& f) { return f.seconds != 1; });
}

}  // namespace treadle
