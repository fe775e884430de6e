#include <treadle/account/identity.h>
#include <treadle/base/digest.h>
#include <treadle/base/files.h>
#include <treadle/base/json.h>
#include <treadle/base/random.h>
#include <treadle/db/testing.h>

#include <gtest/gtest.h>

#include <cjose/cjose.h>
#include <map>

namespace treadle::account {
namespace {

constexpr std::string_view kUrl = "https://id.example.org";

class HandSetClock final : public Clock {
 public:
  Micros now() override { return time; }
  Micros time = 1'700'000'000LL * 1'000'000;
};

// What signs tokens on the other side.
class SigningKey {
 public:
  SigningKey(bool curve, std::string id)
      : id_(std::move(id)), algorithm_(curve ? "ES256" : "RS256") {
    cjose_err error{};
    constexpr std::array<std::uint8_t, 3> kExponent{1, 0, 1};
    key_ = curve ? cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error)
                 : cjose_jwk_create_RSA_random(2048, kExponent.data(), kExponent.size(), &error);
    EXPECT_TRUE(cjose_jwk_set_kid(key_, id_.data(), id_.size(), &error));
  }
  ~SigningKey() { cjose_jwk_release(key_); }
  SigningKey(const SigningKey&) = delete;

  std::string public_part() const {
    cjose_err error{};
    char* text = cjose_jwk_to_json(key_, false, &error);
    std::string out(text);
    cjose_get_dealloc()(text);
    return out;
  }
  std::string sign(const std::string& claims, bool name_key = true) const {
    cjose_err error{};
    cjose_header_t* header = cjose_header_new(&error);
    cjose_header_set(header, "alg", algorithm_.c_str(), &error);
    if (name_key) cjose_header_set(header, "kid", id_.c_str(), &error);
    cjose_jws_t* jws = cjose_jws_sign(
        key_, header, reinterpret_cast<const std::uint8_t*>(claims.data()), claims.size(), &error);
    const char* text = nullptr;
    EXPECT_TRUE(cjose_jws_export(jws, &text, &error));
    std::string out(text);
    cjose_jws_release(jws);
    cjose_header_release(header);
    return out;
  }

 private:
  std::string id_;
  std::string algorithm_;
  cjose_jwk_t* key_ = nullptr;
};

std::string key_set(std::initializer_list<const SigningKey*> keys) {
  std::string out;
  for (const SigningKey* key : keys) out += (out.empty() ? "" : ",") + key->public_part();
  return "{\"keys\":[" + out + "]}";
}

class IdentityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "identity-" + random_uuid();
    ASSERT_TRUE(real_files().make_folders(folder_));
    auto database =
        db::open_for_test(folder_ + "/treadle.db", {.durability = db::Durability::kOff});
    ASSERT_TRUE(database) << database.error().message;
    database_ = *std::move(database);
    accounts_ = *Accounts::open(*database_, "secret");
    (void)accounts_->ensure_admin();
    ada_ = *accounts_->add_user("ada", "ada@example.org", false);
    identities_ = std::make_unique<Identities>(
        *database_, *accounts_, "secret",
        [this](const std::string& url) -> Result<std::string> {
          ++fetches_;
          if (const auto page = web_.find(url); page != web_.end()) return page->second;
          return fail(Errc::kBusy, "nothing at " + url);
        },
        clock_);
  }
  void TearDown() override {
    identities_.reset();
    accounts_.reset();
    database_.reset();
    (void)remove_tree(folder_);
  }

  void publish(const std::string& keys) {
    web_[std::string(kUrl) + "/.well-known/openid-configuration"] =
        R"({"issuer":"https://id.example.org","jwks_uri":"https://id.example.org/keys"})";
    web_["https://id.example.org/keys"] = keys;
  }
  void trust(const std::string& keys, const std::string& claim = "sub") {
    const auto added = identities_->add({std::string(kUrl), "treadle", claim, keys});
    ASSERT_TRUE(added) << added.error().message;
  }
  // A token that is good, but for what is given.
  std::string claims(const std::map<std::string, std::string>& other = {}) const {
    std::map<std::string, std::string> all{{"iss", "\"https://id.example.org\""},
                                           {"aud", "\"treadle\""},
                                           {"sub", "\"ada\""},
                                           {"exp", std::to_string(clock_.time / 1'000'000 + 600)}};
    for (const auto& [name, value] : other) all[name] = value;
    std::string out;
    for (const auto& [name, value] : all) {
      if (!value.empty()) out += (out.empty() ? "{\"" : ",\"") + name + "\":" + value;
    }
    return out + "}";
  }
  std::string refusal(const std::string& token) {
    const auto out = identities_->exchange(token);
    if (out) return "taken";
    EXPECT_EQ(out.error().code, Errc::kPermissionDenied);
    return out.error().message;
  }

  HandSetClock clock_;
  std::map<std::string, std::string> web_;
  int fetches_ = 0;
  std::string folder_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<Identities> identities_;
  User ada_;
  SigningKey rsa_{false, "rsa"};
  SigningKey curve_{true, "curve"};
};

TEST_F(IdentityTest, ATokenOfATrustedIssuerIsExchangedForOneThatOpensForAnHour) {
  trust(key_set({&rsa_, &curve_}));
  for (const SigningKey* key : {&rsa_, &curve_}) {
    const auto token = identities_->exchange(key->sign(claims()));
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(token->user.name, "ada");
    EXPECT_EQ(token->expires_in, 3600);
    EXPECT_EQ((*identities_->authenticate(token->text))->name, "ada");
    clock_.time += 3600LL * 1'000'000;
    EXPECT_FALSE(*identities_->authenticate(token->text));
  }
}

TEST_F(IdentityTest, KeysAreFetchedAndFetchedAgainWhenTheIssuerSignsWithANewOne) {
  publish(key_set({&rsa_}));
  trust("");
  EXPECT_EQ(refusal(rsa_.sign(claims())), "taken");
  EXPECT_EQ(fetches_, 2);
  publish(key_set({&rsa_, &curve_}));
  EXPECT_EQ(refusal(curve_.sign(claims())), "taken");
  EXPECT_EQ(fetches_, 4);
  // But not for each token that names a key which is nobody's.
  const SigningKey stranger(true, "stranger");
  for (int i = 0; i < 5; ++i) {
    EXPECT_NE(refusal(stranger.sign(claims())).find("has no key 'stranger'"), std::string::npos);
  }
  EXPECT_EQ(fetches_, 4);
}

TEST_F(IdentityTest, WhatIsWrongWithATokenIsSaid) {
  trust(key_set({&rsa_}));
  const std::int64_t now = clock_.time / 1'000'000;
  const auto says = [&](const std::map<std::string, std::string>& other, const char* text) {
    EXPECT_NE(refusal(rsa_.sign(claims(other))).find(text), std::string::npos)
        << refusal(rsa_.sign(claims(other)));
  };
  says({{"exp", std::to_string(now - 61)}}, "has expired");
  says({{"exp", ""}}, "no end of its validity");
  says({{"nbf", std::to_string(now + 61)}}, "not valid yet");
  says({{"aud", "\"another\""}}, "not meant for this server");
  says({{"aud", ""}}, "not meant for this server");
  says({{"iss", "\"https://id.example.com\""}}, "does not vouch for anybody here");
  says({{"sub", "\"nobody\""}}, "is no user here");
  says({{"sub", ""}}, "has no claim 'sub'");
  EXPECT_EQ(refusal(rsa_.sign(claims({{"aud", R"(["x","treadle"])"}}))), "taken");
  EXPECT_EQ(refusal(rsa_.sign(claims({{"exp", std::to_string(now - 30)}}))), "taken");
}

TEST_F(IdentityTest, ATokenThatSomebodyElseSignedIsRefused) {
  trust(key_set({&rsa_}));
  const SigningKey forger(false, "rsa");
  EXPECT_NE(refusal(forger.sign(claims())).find("signature is not good"), std::string::npos);
  EXPECT_NE(refusal(forger.sign(claims(), false)).find("signature is not good"), std::string::npos);
  const std::string good = rsa_.sign(claims());
  std::string edited = rsa_.sign(claims({{"sub", "\"local\""}}));
  edited.replace(edited.rfind('.'), std::string::npos, good.substr(good.rfind('.')));
  EXPECT_NE(refusal(edited).find("signature is not good"), std::string::npos);
}

TEST_F(IdentityTest, OnlySignaturesWithAPublicKeyAreTaken) {
  trust(key_set({&rsa_}));
  const auto encode = [](std::string_view text) {
    std::string out = to_base64(text);
    std::erase(out, '=');
    for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return out;
  };
  for (const char* header : {R"({"alg":"none"})", R"({"alg":"HS256","kid":"rsa"})",
                             R"({"kid":"rsa"})", R"({"alg":7})", "[]", ""}) {
    const std::string token = encode(header) + "." + encode(claims()) + "." + encode("signature");
    EXPECT_NE(refusal(token), "taken") << header;
  }
  // What is no base64 at its end: cjose would end the program.
  for (const char* signature : {"x", "xxxxx", "a b", "====", "\xff\xff"}) {
    const std::string good = rsa_.sign(claims());
    EXPECT_NE(refusal(good.substr(0, good.rfind('.') + 1) + signature), "taken") << signature;
  }
  for (const char* nonsense : {"", ".", "..", "a.b.c", "a.b.c.d", "{}"}) {
    EXPECT_NE(refusal(nonsense).find("no signed JWT"), std::string::npos) << nonsense;
  }
  EXPECT_NE(refusal(std::string(20'000, 'x')).find("16 KiB"), std::string::npos);
}

TEST_F(IdentityTest, SubjectsThatAreNoUsersAreLetInByPattern) {
  trust(key_set({&rsa_}));
  const User robot = *accounts_->add_user("robot", "", false, true);
  const std::string url(kUrl);
  ASSERT_TRUE(identities_->allow(url, "repo:acme/*:ref:refs/heads/main", robot));
  ASSERT_TRUE(identities_->allow(url, "repo:acme/secret:*", ada_));
  const auto who = [&](const std::string& subject) {
    const auto out = identities_->exchange(rsa_.sign(claims({{"sub", "\"" + subject + "\""}})));
    return out ? out->user.name : "nobody";
  };
  EXPECT_EQ(who("repo:acme/app:ref:refs/heads/main"), "robot");
  EXPECT_EQ(who("repo:acme/app:ref:refs/heads/other"), "nobody");
  EXPECT_EQ(who("repo:acme.evil/app:ref:refs/heads/main"), "nobody");
  EXPECT_EQ(who("repo:acme/secret:pull_request"), "ada");
  ASSERT_TRUE(identities_->allow(url, "a*a*a*a*a*a*a*a*b", robot));
  EXPECT_EQ(who(std::string(5'000, 'a')), "nobody");
  EXPECT_EQ(who(std::string(5'000, 'a') + "b"), "robot");
  ASSERT_TRUE(identities_->disallow(url, "repo:acme/secret:*"));
  EXPECT_EQ(who("repo:acme/secret:pull_request"), "nobody");
  EXPECT_FALSE(identities_->allow(url, "**", robot));
  EXPECT_FALSE(identities_->disallow(url, "nothing"));
}

TEST_F(IdentityTest, AnAddressThatTheIssuerDidNotVerifyIsNobody) {
  trust(key_set({&rsa_}), "email");
  const std::string email = "\"ada@example.org\"";
  EXPECT_EQ(refusal(rsa_.sign(claims({{"email", email}}))), "taken");
  EXPECT_EQ(refusal(rsa_.sign(claims({{"email", email}, {"email_verified", "true"}}))), "taken");
  EXPECT_NE(refusal(rsa_.sign(claims({{"email", email}, {"email_verified", "false"}})))
                .find("not verified"),
            std::string::npos);
}

TEST_F(IdentityTest, WithItsIssuerOrUserGoneAnAccessTokenOpensNothing) {
  trust(key_set({&rsa_}));
  const std::string first = identities_->exchange(rsa_.sign(claims()))->text;
  EXPECT_TRUE(*identities_->authenticate(first));
  ASSERT_TRUE(identities_->remove(std::string(kUrl)));
  EXPECT_FALSE(*identities_->authenticate(first));
  clock_.time += 1;
  trust(key_set({&rsa_}));  // with the number that the first had
  EXPECT_FALSE(*identities_->authenticate(first));
  const std::string second = identities_->exchange(rsa_.sign(claims()))->text;
  ASSERT_TRUE(accounts_->remove_user("ada"));
  EXPECT_FALSE(*identities_->authenticate(second));
}

TEST_F(IdentityTest, AnAccessTokenCannotBeMade) {
  trust(key_set({&rsa_}));
  std::string token = identities_->exchange(rsa_.sign(claims()))->text;
  const std::string good = token;
  for (std::size_t i = 0; i < good.size(); ++i) {
    token = good;
    token[i] = token[i] == '1' ? '2' : '1';
    EXPECT_FALSE(*identities_->authenticate(token)) << i;
  }
  EXPECT_FALSE(*identities_->authenticate("treadle-access."));
  EXPECT_FALSE(*identities_->authenticate("treadle-access.1.2.3"));
}

TEST_F(IdentityTest, AnIssuerThatCannotBeTrustedIsNotAdded) {
  const auto error = [&](const IssuerSpec& spec) { return identities_->add(spec).error().message; };
  const std::string keys = key_set({&rsa_});
  EXPECT_NE(error({"http://id.example.org", "treadle", "sub", keys}).find("https"),
            std::string::npos);
  EXPECT_NE(error({"http://localhost.example.org", "treadle", "sub", keys}).find("https"),
            std::string::npos);
  EXPECT_NE(error({std::string(kUrl), "", "sub", keys}).find("audience"), std::string::npos);
  EXPECT_NE(error({std::string(kUrl), "treadle", "sub", "{}"}).find("Key Set"), std::string::npos);
  EXPECT_NE(
      error({std::string(kUrl), "treadle", "sub", R"({"keys":[{"kty":"oct","k":"c2VjcmV0"}]})"})
          .find("no public key"),
      std::string::npos);
  EXPECT_NE(
      error({std::string(kUrl), "treadle", "sub", R"({"keys":[{"kty":"RSA","n":"x","e":"AQAB"}]})"})
          .find("no public key"),
      std::string::npos);
  EXPECT_NE(error({std::string(kUrl), "treadle", "sub", ""}).find("nothing at"), std::string::npos);
  web_[std::string(kUrl) + "/.well-known/openid-configuration"] =
      R"({"jwks_uri":"http://id.example.org/keys"})";
  EXPECT_NE(error({std::string(kUrl), "treadle", "sub", ""}).find("not https"), std::string::npos);
  EXPECT_TRUE(identities_->issuers()->empty());
}

}  // namespace
}  // namespace treadle::account
