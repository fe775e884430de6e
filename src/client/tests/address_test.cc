#include <treadle/client/address.h>

#include <gtest/gtest.h>

#include <map>

namespace treadle::client {
namespace {

Surroundings with(std::map<std::string, std::string> variables,
                  std::map<std::string, std::string> files = {}) {
  const auto find = [](const auto& map, const std::string& name) {
    const auto it = map.find(name);
    return it == map.end() ? std::nullopt : std::optional<std::string>(it->second);
  };
  return {[=](const char* name) { return find(variables, name); },
          [=](const std::string& path) { return find(files, path); }};
}

TEST(Address, AKeyAloneNamesNoServer) {
  const auto address = find_address({}, with({{"WANDB_API_KEY", "k"}}));
  ASSERT_TRUE(address);
  EXPECT_EQ(address->base_url, "");
}

TEST(Address, ComesFromTheEnvironment) {
  const auto address = find_address({}, with({{"WANDB_BASE_URL", "https://wandb.example.org/"},
                                              {"WANDB_API_KEY", "k"},
                                              {"WANDB_ENTITY", "us"},
                                              {"WANDB_PROJECT", "p"},
                                              {"REQUESTS_CA_BUNDLE", "/ca.pem"}}));
  ASSERT_TRUE(address);
  EXPECT_EQ(address->base_url, "https://wandb.example.org");
  EXPECT_EQ(address->api_key, "k");
  EXPECT_EQ(address->key_source, "WANDB_API_KEY");
  EXPECT_EQ(address->entity, "us");
  EXPECT_EQ(address->project, "p");
  EXPECT_EQ(address->ca_file, "/ca.pem");
}

TEST(Address, WhatIsGivenGoesBeforeTheEnvironment) {
  const auto address =
      find_address({.base_url = "http://a:1", .api_key = "mine"},
                   with({{"WANDB_BASE_URL", "http://b:2"}, {"WANDB_API_KEY", "other"}}));
  ASSERT_TRUE(address);
  EXPECT_EQ(address->base_url, "http://a:1");
  EXPECT_EQ(address->api_key, "mine");
}

TEST(Address, TheKeyOfTheHostIsInNetrc) {
  const std::string netrc =
      "machine api.wandb.ai login user password cloud\n"
      "machine machine login machine password odd\n"
      "machine wandb.example.org\n  login user\n  password ours\n"
      "default login user password any\n";
  EXPECT_EQ(netrc_key(netrc, "https://wandb.example.org:8080/path"), "ours");
  EXPECT_EQ(netrc_key(netrc, "https://api.wandb.ai"), "cloud");
  EXPECT_EQ(netrc_key(netrc, "http://machine"), "odd");
  EXPECT_EQ(netrc_key(netrc, "http://elsewhere"), "any");
  EXPECT_EQ(netrc_key("machine a login u password p", "http://b"), std::nullopt);
  const auto address = find_address({.base_url = "https://wandb.example.org"},
                                    with({{"HOME", "/home/me"}}, {{"/home/me/.netrc", netrc}}));
  ASSERT_TRUE(address);
  EXPECT_EQ(address->api_key, "ours");
  EXPECT_EQ(address->key_source, "/home/me/.netrc");
}

TEST(Address, EntityAndProjectAreInTheSettingsOfTheSdk) {
  const auto address = find_address(
      {.base_url = "http://h", .api_key = "k"},
      with({{"HOME", "/home/me"}},
           {{"wandb/settings", "[default]\nproject = nearest\n"},
            {"/home/me/.config/wandb/settings", "[default]\nentity = team\nproject = far\n"}}));
  ASSERT_TRUE(address);
  EXPECT_EQ(address->entity, "team");
  EXPECT_EQ(address->project, "nearest");
}

TEST(Address, AHostThatIsNoUrlIsRefusedWithTheRule) {
  const auto address = find_address({.base_url = "wandb.example.org"}, with({}));
  ASSERT_FALSE(address);
  EXPECT_NE(address.error().message.find("https://"), std::string::npos);
}

TEST(Address, LoopbackIsTold) {
  EXPECT_TRUE(is_loopback("http://127.0.0.1:8080/x"));
  EXPECT_TRUE(is_loopback("https://localhost"));
  EXPECT_TRUE(is_loopback("http://[::1]:80"));
  EXPECT_FALSE(is_loopback("http://localhost.example.org"));
  EXPECT_FALSE(is_loopback("https://api.wandb.ai"));
}

}  // namespace
}  // namespace treadle::client
