#include "../signer.h"

#include <gtest/gtest.h>

namespace treadle::serve {
namespace {

class SetClock final : public Clock {
 public:
  Micros now() override { return time; }
  Micros time = 1'700'000'000LL * 1'000'000;
};

http::Request request(const std::string& method, const std::string& url) {
  http::Request out;
  out.method = method;
  out.target = url.substr(std::string("http://host").size());
  EXPECT_TRUE(split_target(out));
  std::string path;
  for (std::size_t i = 1; i < out.path.size(); ++i) path += (i > 1 ? "/" : "") + out.path[i];
  out.parameters.emplace_back("path", path);
  return out;
}

class SignerTest : public ::testing::Test {
 protected:
  SetClock clock_;
  Signer signer_{"secret", clock_};
  const std::string path_ = "run_files/7/media/a b%/ü.png";
};

TEST_F(SignerTest, ASignedUrlOpensWhatItWasMadeFor) {
  const std::string url = signer_.url("http://host", "GET", path_);
  EXPECT_TRUE(url.starts_with("http://host/storage/run_files/7/media/a%20b%25/"));
  EXPECT_TRUE(signer_.allows(request("GET", url)));
  EXPECT_TRUE(signer_.allows(request("HEAD", url)));
}

TEST_F(SignerTest, AnotherMethodPathKeyOrTimeDoesNot) {
  const std::string url = signer_.url("http://host", "GET", path_);
  EXPECT_FALSE(signer_.allows(request("PUT", url)));
  std::string other = url;
  other.replace(other.find("/7/"), 3, "/8/");
  EXPECT_FALSE(signer_.allows(request("GET", other)));
  EXPECT_FALSE(Signer("another", clock_).allows(request("GET", url)));
  std::string later = url;
  later.insert(later.find("e=") + 2, "9");
  EXPECT_FALSE(signer_.allows(request("GET", later)));
  EXPECT_FALSE(signer_.allows(request("GET", url.substr(0, url.find('?')))));
}

TEST_F(SignerTest, ItExpires) {
  const std::string url = signer_.url("http://host", "PUT", path_);
  clock_.time += 23LL * 3600 * 1'000'000;
  EXPECT_TRUE(signer_.allows(request("PUT", url)));
  clock_.time += 3LL * 3600 * 1'000'000;
  EXPECT_FALSE(signer_.allows(request("PUT", url)));
}

}  // namespace
}  // namespace treadle::serve
