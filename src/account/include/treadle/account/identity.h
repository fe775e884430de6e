// Users without an API key: an identity token (a signed JWT) that a configured issuer vouches for gets an
// access token that is good for an hour. What W&B calls identity federation; RFC 7523 on the wire. Build
// machines and clusters mint such tokens for their jobs, so that no key lies around there.
//
//   Identities identities(database, accounts, secret, fetch);
//   TREADLE_CHECK(identities.add({.url = "https://token.actions.example", .audience = "treadle"}));
//   TREADLE_TRY(AccessToken token, identities.exchange(jwt));
//   TREADLE_TRY(auto user, identities.authenticate(token.text));
#pragma once

#include <treadle/account/accounts.h>
#include <treadle/base/clock.h>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace treadle::account {

// The body of a GET of this URL. The seam to the network.
using FetchText = std::function<Result<std::string>(const std::string& url)>;

// Who may vouch, and what for.
struct IssuerSpec {
  std::string url;            // exactly as its tokens have it under "iss"
  std::string audience;       // what its tokens must have under "aud"
  std::string claim = "sub";  // the claim that is a user's name or email
  // Its public keys, as a JSON Web Key Set; "" = asked of the issuer, and asked again when it signs with
  // a key that is not among them.
  std::string keys;
};

struct Issuer {
  std::int64_t id = 0;
  std::string url;
  std::string audience;
  std::string claim;
  bool keys_given = false;  // not fetched
  std::string keys;
  Micros created = 0;
};

// What a subject of an issuer is here, where the claim is no name of a user.
struct Subject {
  std::string subject;  // a pattern: "*" stands for any text
  std::string user;
};

struct AccessToken {
  std::string text;
  std::int64_t expires_in = 0;  // seconds
  User user;
};

// Thread-safe. Errors of exchange() are kPermissionDenied, and say what is wrong with the token; those of
// the network are kBusy.
class Identities {
 public:
  // `secret` signs access tokens; `fetch` may be empty: then keys must be given.
  Identities(db::Database& database, Accounts& accounts, std::string secret, FetchText fetch,
             Clock& clock = system_clock());

  // Asks the issuer for its keys where none are given. Again with the same URL: replaced.
  Result<Issuer> add(const IssuerSpec& spec);
  Result<std::vector<Issuer>> issuers();
  // Access tokens that it vouched for open nothing any more.
  Result<void> remove(const std::string& url);
  // Tokens of the issuer whose claim matches `pattern` are that user's.
  Result<void> allow(const std::string& url, const std::string& pattern, const User& user);
  Result<void> disallow(const std::string& url, const std::string& pattern);
  // In the order they are tried: longest pattern first.
  Result<std::vector<Subject>> subjects(const Issuer& issuer);

  Result<AccessToken> exchange(std::string_view identity_token);
  // Whose access token it is; nothing when it is none, or expired, or its issuer or user are gone.
  Result<std::optional<User>> authenticate(std::string_view access_token);

 private:
  Result<Issuer> get_issuer(const std::string& url);
  Result<std::string> fetch_keys(const std::string& url);
  Result<Issuer> with_new_keys(Issuer issuer);
  Result<User> user_of(const Issuer& issuer, const std::string& subject);
  std::string sign(std::string_view payload) const;

  db::Database& database_;
  Accounts& accounts_;
  const std::string secret_;
  const FetchText fetch_;
  Clock& clock_;
  std::mutex mutex_;
  Micros last_fetch_ = 0;  // for a key that was not known: not more often than once in a while
};

}  // namespace treadle::account
