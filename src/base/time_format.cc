#include <treadle/base/time_format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace treadle {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonthNames = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

std::int64_t day_number(const CivilTime& t) {
  return days_from_civil(t.year, t.month, t.day);
}

// ISO 8601: the week's year and number.
std::pair<int, int> iso_week(const CivilTime& t) {
  const std::int64_t day = day_number(t);
  const std::int64_t thursday = day - (weekday(day) + 6) % 7 + 3;
  const CivilTime middle = civil_time(thursday * kSecondsPerDay);
  return {middle.year, static_cast<int>((thursday - days_from_civil(middle.year, 1, 1)) / 7 + 1)};
}

class Writer {
 public:
  Writer(const CivilTime& time, const TimeDetails& details) : t_(time), d_(details) {}

  std::string write(std::string_view format) {
    for (std::size_t i = 0; i < format.size(); ++i) {
      if (format[i] != '%' || i + 1 == format.size()) {
        out_ += format[i];
        continue;
      }
      bool padded = true;
      if (format[i + 1] == '-' && i + 2 < format.size()) {
        padded = false;
        ++i;
      }
      directive(format[++i], padded);
    }
    return std::move(out_);
  }

 private:
  void number(std::int64_t n, std::size_t width, bool padded = true) {
    const std::string digits = std::to_string(n);
    if (padded && digits.size() < width) out_.append(width - digits.size(), '0');
    out_ += digits;
  }

  void directive(char c, bool padded) {
    const std::int64_t day = day_number(t_);
    const std::int64_t day_of_year = day - days_from_civil(t_.year, 1, 1);
    switch (c) {
      case 'Y':
        return number(t_.year, 1);
      case 'y':
        return number((t_.year % 100 + 100) % 100, 2, padded);
      case 'm':
        return number(t_.month, 2, padded);
      case 'd':
        return number(t_.day, 2, padded);
      case 'e':
        if (t_.day < 10) out_ += ' ';
        return number(t_.day, 1);
      case 'H':
        return number(t_.hour, 2, padded);
      case 'I':
        return number((t_.hour + 11) % 12 + 1, 2, padded);
      case 'p':
        out_ += t_.hour < 12 ? "AM" : "PM";
        return;
      case 'M':
        return number(t_.minute, 2, padded);
      case 'S':
        return number(t_.second, 2, padded);
      case 'f':
        return number(d_.micros, 6);
      case 'j':
        return number(day_of_year + 1, 3, padded);
      case 'a':
        out_ += kDays[weekday(day)].substr(0, 3);
        return;
      case 'A':
        out_ += kDays[weekday(day)];
        return;
      case 'b':
      case 'h':
        out_ += kMonthNames[t_.month - 1].substr(0, 3);
        return;
      case 'B':
        out_ += kMonthNames[t_.month - 1];
        return;
      case 'w':
        return number(weekday(day), 1);
      case 'u':
        return number((weekday(day) + 6) % 7 + 1, 1);
      case 'U':
        return number((day_of_year + 7 - weekday(day)) / 7, 2, padded);
      case 'W':
        return number((day_of_year + 7 - (weekday(day) + 6) % 7) / 7, 2, padded);
      case 'G':
        return number(iso_week(t_).first, 4);
      case 'V':
        return number(iso_week(t_).second, 2, padded);
      case 'F':
        return append("%Y-%m-%d");
      case 'T':
        return append("%H:%M:%S");
      case 'R':
        return append("%H:%M");
      case 'z':
        return offset();
      case 'Z':
        out_ += d_.abbreviation;
        return;
      case 'n':
        out_ += '\n';
        return;
      case '%':
        out_ += '%';
        return;
      default:
        out_ += '%';
        if (!padded) out_ += '-';
        out_ += c;
    }
  }
  void append(std::string_view format) { out_ += Writer(t_, d_).write(format); }
  void offset() {
    const std::int32_t o = d_.offset < 0 ? -d_.offset : d_.offset;
    out_ += d_.offset < 0 ? '-' : '+';
    number(o / 3600, 2);
    number(o / 60 % 60, 2);
    if (o % 60 != 0) number(o % 60, 2);
  }

  const CivilTime& t_;
  const TimeDetails& d_;
  std::string out_;
};

class Reader {
 public:
  Reader(std::string_view text, std::string_view format) : text_(text), format_(format) {}

  Result<ParsedTime> read() {
    if (!match(format_) || at_ != text_.size()) return no_match();
    if (hour12_) {
      result_.time.hour = *hour12_ % 12 + (afternoon_ ? 12 : 0);
    }
    if (!place_in_year()) return no_match();
    CivilTime& t = result_.time;
    if (t.day > days_in_month(t.year, t.month)) {
      return fail(Errc::kInvalidArgument, "time data '" + std::string(text_) +
                                              "' does not match format '" + std::string(format_) +
                                              "': day is out of range for month.");
    }
    return result_;
  }

 private:
  tl::unexpected<Error> no_match() const {
    std::string message = "time data '" + std::string(text_) + "' does not match format '" +
                          std::string(format_) + "'";
    if (at_ > 0 && at_ < text_.size()) {
      message += " from '" + std::string(text_.substr(at_)) + "' on";
    }
    return fail(Errc::kInvalidArgument, message + ".");
  }

  bool match(std::string_view format) {
    for (std::size_t i = 0; i < format.size(); ++i) {
      const char c = format[i];
      if (std::isspace(static_cast<unsigned char>(c))) {
        const std::size_t before = at_;
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
        if (at_ == before) return false;
      } else if (c != '%' || i + 1 == format.size()) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
      } else {
        if (format[i + 1] == '-' && i + 2 < format.size()) ++i;
        if (!directive(format[++i])) return false;
      }
    }
    return true;
  }

  bool digits(std::size_t most, int low, int high, int& out, std::size_t least = 1) {
    std::size_t n = 0;
    int value = 0;
    while (n < most && at_ + n < text_.size() && text_[at_ + n] >= '0' && text_[at_ + n] <= '9') {
      const int next = value * 10 + (text_[at_ + n] - '0');
      if (n >= least && next > high) break;
      value = next;
      ++n;
    }
    if (n < least || value < low || value > high) return false;
    at_ += n;
    out = value;
    return true;
  }

  template <std::size_t N>
  bool name(const std::array<std::string_view, N>& names, bool abbreviated, int& index) {
    for (std::size_t i = 0; i < N; ++i) {
      const std::string_view wanted = abbreviated ? names[i].substr(0, 3) : names[i];
      if (text_.size() - at_ < wanted.size()) continue;
      const bool same =
          std::equal(wanted.begin(), wanted.end(), text_.begin() + at_,
                     [](char a, char b) { return std::tolower(a) == std::tolower(b); });
      if (!same) continue;
      at_ += wanted.size();
      index = static_cast<int>(i);
      return true;
    }
    return false;
  }

  bool directive(char c) {
    CivilTime& t = result_.time;
    int n = 0;
    switch (c) {
      case 'Y':
        return digits(4, 1, 9999, t.year, 4);
      case 'y':
        if (!digits(2, 0, 99, n, 2)) return false;
        t.year = n + (n < 69 ? 2000 : 1900);
        return true;
      case 'm':
        return digits(2, 1, 12, t.month);
      case 'd':
      case 'e':
        if (at_ < text_.size() && text_[at_] == ' ') ++at_;
        return digits(2, 1, 31, t.day);
      case 'H':
        return digits(2, 0, 23, t.hour);
      case 'I':
        if (!digits(2, 1, 12, n)) return false;
        hour12_ = n;
        return true;
      case 'p':
        return half_of_day();
      case 'M':
        return digits(2, 0, 59, t.minute);
      case 'S':
        return digits(2, 0, 61, t.second);
      case 'f':
        return fraction();
      case 'j':
        if (!digits(3, 1, 366, n)) return false;
        day_of_year_ = n;
        return true;
      case 'a':
      case 'A':
        if (!name(kDays, c == 'a', n)) return false;
        weekday_ = n;
        return true;
      case 'b':
      case 'h':
      case 'B':
        if (!name(kMonthNames, c != 'B', n)) return false;
        t.month = n + 1;
        return true;
      case 'w':
        if (!digits(1, 0, 6, n)) return false;
        weekday_ = n;
        return true;
      case 'u':
        if (!digits(1, 1, 7, n)) return false;
        weekday_ = n % 7;
        return true;
      case 'U':
      case 'W':
        if (!digits(2, 0, 53, n)) return false;
        week_ = n;
        week_kind_ = c;
        return true;
      case 'V':
        if (!digits(2, 1, 53, n)) return false;
        week_ = n;
        week_kind_ = c;
        return true;
      case 'G':
        return digits(4, 1, 9999, iso_year_, 4);
      case 'F':
        return match("%Y-%m-%d");
      case 'T':
        return match("%H:%M:%S");
      case 'R':
        return match("%H:%M");
      case 'z':
        return offset();
      case 'Z':
        return zone_name();
      case '%':
        if (at_ >= text_.size() || text_[at_] != '%') return false;
        ++at_;
        return true;
      default:
        return false;
    }
  }

  bool half_of_day() {
    const std::string_view rest = text_.substr(at_, 2);
    if (rest.size() < 2 || std::tolower(rest[1]) != 'm') return false;
    const int first = std::tolower(rest[0]);
    if (first != 'a' && first != 'p') return false;
    afternoon_ = first == 'p';
    at_ += 2;
    return true;
  }

  bool fraction() {
    const std::size_t from = at_;
    int n = 0;
    if (!digits(6, 0, 999999, n)) return false;
    for (std::size_t i = at_ - from; i < 6; ++i) n *= 10;
    result_.micros = n;
    return true;
  }

  bool offset() {
    if (at_ >= text_.size()) return false;
    if (text_[at_] == 'Z') {
      ++at_;
      result_.offset = 0;
      return true;
    }
    if (text_[at_] != '+' && text_[at_] != '-') return false;
    const int sign = text_[at_++] == '-' ? -1 : 1;
    int hours = 0, minutes = 0, seconds = 0;
    if (!digits(2, 0, 23, hours, 2)) return false;
    if (at_ < text_.size() && text_[at_] == ':') ++at_;
    if (!digits(2, 0, 59, minutes, 2)) return false;
    const std::size_t before = at_;
    if (at_ < text_.size() && text_[at_] == ':') ++at_;
    if (!digits(2, 0, 59, seconds, 2)) at_ = before;
    result_.offset = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
  }

  bool zone_name() {
    const std::size_t from = at_;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_]))) ++at_;
    const std::string_view name = text_.substr(from, at_ - from);
    if (name == "UTC" || name == "GMT") result_.offset = 0;
    return !name.empty();
  }

  // A day of the year, or a week with its weekday, instead of month and day.
  bool place_in_year() {
    CivilTime& t = result_.time;
    std::int64_t day = 0;
    if (day_of_year_) {
      day = days_from_civil(t.year, 1, 1) + *day_of_year_ - 1;
    } else if (week_ && weekday_ && week_kind_ == 'V') {
      const std::int64_t fourth = days_from_civil(iso_year_ != 0 ? iso_year_ : t.year, 1, 4);
      day = fourth - (weekday(fourth) + 6) % 7 + (*week_ - 1) * 7 + (*weekday_ + 6) % 7;
    } else if (week_ && weekday_) {
      const std::int64_t first = days_from_civil(t.year, 1, 1);
      const int shift = week_kind_ == 'W' ? 6 : 0;
      const int first_weekday = (weekday(first) + shift) % 7, wanted = (*weekday_ + shift) % 7;
      day = first - first_weekday + (first_weekday == 0 ? *week_ - 1 : *week_) * 7 + wanted;
    } else {
      return true;
    }
    const CivilTime date = civil_time(day * kSecondsPerDay);
    t.year = date.year;
    t.month = date.month;
    t.day = date.day;
    return true;
  }

  std::string_view text_, format_;
  std::size_t at_ = 0;
  ParsedTime result_;
  std::optional<int> hour12_, day_of_year_, week_, weekday_;
  char week_kind_ = 0;
  int iso_year_ = 0;
  bool afternoon_ = false;
};

}  // namespace

std::string format_time(std::string_view format, const CivilTime& time,
                        const TimeDetails& details) {
  return Writer(time, details).write(format);
}

Result<ParsedTime> parse_time(std::string_view text, std::string_view format) {
  return Reader(text, format).read();
}

Result<void> check_time_format(std::string_view format) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    const std::size_t from = i++;
    if (i < format.size() && format[i] == '-') ++i;
    if (i == format.size() || std::string_view("YymdeHIpMSfjaAbBhwuUWGVFTRzZ%").find(format[i]) ==
                                  std::string_view::npos) {
      return fail(
          Errc::kInvalidArgument,
          "The format '" + std::string(format) + "' has '" +
              std::string(format.substr(from, i + 1 - from)) +
              "', which is no directive that a key can be written with and read by. Use "
              "those of Python's strptime: %Y %m %d %H %M %S %f %j %y %b %B %a %A %p %I %z.");
    }
  }
  return {};
}

}  // namespace treadle
