#include "identity_token.h"
#include "rows.h"
#include <treadle/account/identity.h>
#include <treadle/base/digest.h>
#include <treadle/base/suggest.h>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace treadle::account {
namespace {

constexpr std::int64_t kAccessSeconds = 3600;
constexpr std::int64_t kLeeway = 60;                     // seconds that clocks may differ
constexpr Micros kBetweenFetches = 60LL * 1'000'000;     // because of keys that are not known
constexpr std::string_view kPrefix = "treadle-access.";  // no API key is mistaken for one
constexpr std::string_view kIssuerColumns =
    "i.id, i.url, i.audience, i.claim, i.keys_given, i.key_set, i.created";

Issuer read_issuer(const db::Statement& s) {
  return {s.integer(0),
          std::string(s.text(1)),
          std::string(s.text(2)),
          std::string(s.text(3)),
          s.integer(4) != 0,
          std::string(s.text(5)),
          s.integer(6)};
}

// "*" stands for any text, everything else for itself. Only the last "*" is ever tried again, so that no
// text makes this slow.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, tried = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      tried = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++tried;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

// Whatever runs on this machine may be asked without encryption, nobody else.
bool is_safe_url(const std::string& url) {
  if (url.starts_with("https://") && url.size() > 8) return true;
  for (const char* host : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    const std::string_view rest =
        url.starts_with(host) ? std::string_view(url).substr(std::string_view(host).size()) : "x";
    if (rest.empty() || rest.front() == ':' || rest.front() == '/') return true;
  }
  return false;
}

tl::unexpected<Error> denied(std::string message) {
  return fail(Errc::kPermissionDenied, std::move(message));
}

}  // namespace

Identities::Identities(db::Database& database, Accounts& accounts, std::string secret,
                       FetchText fetch, Clock& clock)
    : database_(database),
      accounts_(accounts),
      secret_(std::move(secret)),
      fetch_(std::move(fetch)),
      clock_(clock) {}

Result<std::string> Identities::fetch_keys(const std::string& url) {
  if (!fetch_) {
    return fail(Errc::kInvalidArgument,
                "Nothing is fetched here. Give the issuer's keys as a file: --keys FILE.");
  }
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  TREADLE_TRY(const std::string document, fetch_(base + "/.well-known/openid-configuration"));
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(document, error);
  const boost::json::value* where =
      !error && value.is_object() ? value.as_object().if_contains("jwks_uri") : nullptr;
  if (where == nullptr || !where->is_string()) {
    return fail(Errc::kInvalidArgument, "'" + url + "' does not say where its keys are: " + base +
                                            "/.well-known/openid-configuration has no 'jwks_uri'.");
  }
  const std::string keys_url(where->as_string());
  if (!is_safe_url(keys_url)) {
    return fail(Errc::kInvalidArgument,
                "The keys of '" + url + "' are at '" + keys_url + "', which is not https.");
  }
  TREADLE_TRY(std::string keys, fetch_(keys_url));
  const auto usable = count_keys(keys);
  if (!usable) return fail(Error(usable.error()).with_context("the keys at " + keys_url));
  return keys;
}

Result<Issuer> Identities::add(const IssuerSpec& spec) {
  if (!is_safe_url(spec.url)) {
    return fail(Errc::kInvalidArgument, "'" + spec.url +
                                            "' is no issuer: give its https URL, exactly as its "
                                            "tokens have it under 'iss'.");
  }
  if (spec.audience.empty() || spec.claim.empty()) {
    return fail(Errc::kInvalidArgument,
                "An issuer needs an audience, which its tokens have under 'aud' when they are "
                "meant for this server, and a claim that names the user.");
  }
  Issuer out{0, spec.url, spec.audience, spec.claim, !spec.keys.empty(), spec.keys, clock_.now()};
  if (out.keys_given) {
    TREADLE_CHECK(count_keys(out.keys));
  } else {
    TREADLE_TRY(out.keys, fetch_keys(spec.url));
  }
  TREADLE_CHECK(database_.write(
      [&](db::Session& session) -> Result<void> {
        return change(
            session,
            "insert into account_issuer (id, url, audience, claim, keys_given, key_set, created) "
            "select coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6 from account_issuer where "
            "true "
            "on conflict (url) do update set audience = excluded.audience, claim = excluded.claim, "
            "keys_given = excluded.keys_given, key_set = excluded.key_set",
            [&](db::Statement& s) {
              s.bind(1, out.url).bind(2, out.audience).bind(3, out.claim);
              s.bind(4, out.keys_given).bind(5, out.keys).bind(6, out.created);
            });
      },
      db::Sync::kYes));
  return get_issuer(out.url);
}

Result<std::vector<Issuer>> Identities::issuers() {
  return read_all(database_,
                  "select " + std::string(kIssuerColumns) + " from account_issuer i order by i.url",
                  bind_nothing, read_issuer);
}

Result<Issuer> Identities::get_issuer(const std::string& url) {
  TREADLE_TRY(const std::vector<Issuer> all, issuers());
  std::vector<std::string> urls;
  for (const Issuer& one : all) {
    if (one.url == url) return one;
    urls.push_back(one.url);
  }
  return fail(Errc::kNotFound, "There is no issuer '" + url + "' here." + did_you_mean(url, urls));
}

Result<void> Identities::remove(const std::string& url) {
  TREADLE_TRY(const Issuer issuer, get_issuer(url));
  return database_.write(
      [&](db::Session& session) -> Result<void> {
        for (const char* sql : {"delete from account_subject where issuer_id = $1",
                                "delete from account_issuer where id = $1"}) {
          TREADLE_CHECK(change(session, sql, [&](db::Statement& s) { s.bind(1, issuer.id); }));
        }
        return {};
      },
      db::Sync::kYes);
}

Result<void> Identities::allow(const std::string& url, const std::string& pattern,
                               const User& user) {
  TREADLE_TRY(const Issuer issuer, get_issuer(url));
  if (pattern.empty() || pattern.find_first_not_of('*') == std::string::npos) {
    return fail(Errc::kInvalidArgument,
                "A subject that is any text would let in everybody whom the issuer knows. Name at "
                "least a part of it: 'repo:acme/*'.");
  }
  return write_one(
      database_,
      "insert into account_subject (issuer_id, pattern, user_id) values ($1, $2, $3) "
      "on conflict (issuer_id, pattern) do update set user_id = excluded.user_id",
      [&](db::Statement& s) { s.bind(1, issuer.id).bind(2, pattern).bind(3, user.id); });
}

Result<void> Identities::disallow(const std::string& url, const std::string& pattern) {
  TREADLE_TRY(const Issuer issuer, get_issuer(url));
  TREADLE_TRY(const std::vector<Subject> all, subjects(issuer));
  std::vector<std::string> patterns;
  for (const Subject& one : all) patterns.push_back(one.subject);
  if (std::find(patterns.begin(), patterns.end(), pattern) == patterns.end()) {
    return fail(Errc::kNotFound, "'" + pattern + "' is no subject of '" + url + "'." +
                                     did_you_mean(pattern, patterns));
  }
  return write_one(database_, "delete from account_subject where issuer_id = $1 and pattern = $2",
                   [&](db::Statement& s) { s.bind(1, issuer.id).bind(2, pattern); });
}

Result<std::vector<Subject>> Identities::subjects(const Issuer& issuer) {
  return read_all(
      database_,
      "select s.pattern, u.name from account_subject s join account_user u on u.id = s.user_id "
      "where s.issuer_id = $1 and u.removed = 0 order by length(s.pattern) desc, s.pattern",
      [&](db::Statement& s) { s.bind(1, issuer.id); },
      [](const db::Statement& s) {
        return Subject{std::string(s.text(0)), std::string(s.text(1))};
      });
}

Result<Issuer> Identities::with_new_keys(Issuer issuer) {
  {
    const std::lock_guard lock(mutex_);
    if (clock_.now() - last_fetch_ < kBetweenFetches) return issuer;
    last_fetch_ = clock_.now();
  }
  TREADLE_TRY(issuer.keys, fetch_keys(issuer.url));
  TREADLE_CHECK(write_one(database_, "update account_issuer set key_set = $2 where id = $1",
                          [&](db::Statement& s) { s.bind(1, issuer.id).bind(2, issuer.keys); }));
  return issuer;
}

Result<User> Identities::user_of(const Issuer& issuer, const std::string& subject) {
  TREADLE_TRY(const std::vector<Subject> allowed, subjects(issuer));
  for (const Subject& one : allowed) {
    if (matches(one.subject, subject)) return accounts_.get_user(one.user);
  }
  TREADLE_TRY(const auto user, accounts_.find_user(subject));
  if (user) return *user;
  return denied("'" + subject + "' ('" + issuer.claim + "' of a token of '" + issuer.url +
                "') is no user here. An admin lets it in: treadle issuer allow '" + issuer.url +
                "' '" + subject + "' --user NAME");
}

Result<AccessToken> Identities::exchange(std::string_view identity_token) {
  TREADLE_TRY(const IdentityToken token, parse_identity_token(identity_token));
  TREADLE_TRY(auto found, read_one(
                              database_,
                              "select " + std::string(kIssuerColumns) +
                                  " from account_issuer i where i.url = $1",
                              [&](db::Statement& s) { s.bind(1, token.issuer); }, read_issuer));
  if (!found) {
    return denied("'" + token.issuer +
                  "' does not vouch for anybody here. An admin changes that: "
                  "treadle issuer add URL --audience NAME");
  }
  Signature signature = check_signature(identity_token, token, found->keys);
  if (signature == Signature::kUnknownKey && !found->keys_given) {
    TREADLE_TRY(found, with_new_keys(*std::move(found)));
    signature = check_signature(identity_token, token, found->keys);
  }
  if (signature == Signature::kUnknownKey) {
    return denied("'" + token.issuer + "' has no key '" + token.key_id + "' for this token.");
  }
  if (signature == Signature::kBad) return denied("The identity token's signature is not good.");
  const std::int64_t now = clock_.now() / 1'000'000;
  if (!token.expires || *token.expires + kLeeway <= now) {
    return denied(token.expires ? "The identity token has expired."
                                : "The identity token says no end of its validity ('exp').");
  }
  if (token.not_before && *token.not_before - kLeeway > now) {
    return denied("The identity token is not valid yet ('nbf').");
  }
  const auto& audiences = token.audiences;
  if (std::find(audiences.begin(), audiences.end(), found->audience) == audiences.end()) {
    return denied("The identity token is not meant for this server: '" + found->audience +
                  "' is not its audience.");
  }
  const auto subject = token.texts.find(found->claim);
  if (subject == token.texts.end() || subject->second.empty()) {
    return denied("The identity token has no claim '" + found->claim + "', which names the user.");
  }
  const auto verified = token.flags.find("email_verified");
  if (found->claim == "email" && verified != token.flags.end() && !verified->second) {
    return denied("'" + subject->second + "' was not verified by the issuer.");
  }
  TREADLE_TRY(User user, user_of(*found, subject->second));
  // With the time the issuer was added: another may get its number later.
  const std::string payload = std::to_string(found->id) + "." + std::to_string(found->created) +
                              "." + std::to_string(user.id) + "." +
                              std::to_string(now + kAccessSeconds);
  std::string text(kPrefix);
  text += payload + "." + sign(payload);
  return AccessToken{std::move(text), kAccessSeconds, std::move(user)};
}

std::string Identities::sign(std::string_view payload) const {
  return to_hex(hmac_sha256(secret_, "treadle access token\n" + std::string(payload)));
}

Result<std::optional<User>> Identities::authenticate(std::string_view access_token) {
  if (!access_token.starts_with(kPrefix)) return std::nullopt;
  const std::string_view text = access_token.substr(kPrefix.size());
  const auto dot = text.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view payload = text.substr(0, dot);
  if (!equal_constant_time(sign(payload), text.substr(dot + 1))) return std::nullopt;
  std::array<std::int64_t, 4> numbers{};  // issuer, since when, user, end
  const char* at = payload.data();
  const char* const end = payload.data() + payload.size();
  for (std::int64_t& number : numbers) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) return std::nullopt;
    at = next == end ? next : next + 1;
  }
  if (numbers[3] <= clock_.now() / 1'000'000) return std::nullopt;
  TREADLE_TRY(const auto issuer,
              read_one(
                  database_, "select 1 from account_issuer where id = $1 and created = $2",
                  [&](db::Statement& s) { s.bind(1, numbers[0]).bind(2, numbers[1]); },
                  [](const db::Statement& s) { return s.integer(0); }));
  if (!issuer) return std::nullopt;
  return accounts_.find_user(numbers[2]);
}

}  // namespace treadle::account
