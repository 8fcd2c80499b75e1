#include "common/secrets/setec.h"

#include <atomic>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "common/base/base64.h"
#include "common/base/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/http_server.h"
#include "tests/support/temporary_directory.h"

using namespace derp;
using namespace derp::secrets;

namespace {

constexpr const char* kKey = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

http::Response Reply(std::string_view value, int version = 7) {
  return http::TextReply(
      nlohmann::json{{"Value", EncodeBase64(AsBytes(value))}, {"Version", version}}.dump());
}

// Hands out the key after `failures` requests that got a 503.
struct Setec {
  explicit Setec(int failures = 0)
      : server(http::Answering([this, failures](const http::Request& request) {
          if (++requests <= failures) return http::ErrorReply(503, "not yet");
          const auto body = nlohmann::json::parse(request.body, nullptr, false);
          const auto& headers = request.head.headers;
          const bool fits = request.method() == "POST" && request.path == "/api/get" &&
                            headers.Get("Content-Type") == "application/json" &&
                            headers.Get("Sec-X-Tailscale-No-Browsers") == "setec" &&
                            body == nlohmann::json{{"Name", "prod/derp/meshkey"}};
          return fits ? Reply(kKey) : http::ErrorReply(400, "bad request");
        })) {}

  std::atomic<int> requests = 0;
  test::HttpServer server;
};

struct Fixture {
  test::TemporaryDirectory directory;
  std::string cache = directory / "deep/er/secrets";
  test::FakeClock clock;
  std::vector<std::string> lines;
  Logger logger{[this](LogLevel, std::string_view text) { lines.emplace_back(text); }};
  int waits = 0;

  Expected<Secret, Error> Obtain(const std::string& url, Duration longest = {}) {
    const SetecSource source{.url = url, .name = "prod/derp/meshkey", .cache_file = cache};
    const SecretPatience patience{.longest = longest, .wait = [this](Duration pause) {
                                    ++waits;
                                    clock.Advance(pause);
                                  }};
    return ObtainSecret(source, patience, clock, logger);
  }
  bool Logged(std::string_view words) const {
    for (const std::string& line : lines) {
      if (line.find(words) != std::string::npos) return true;
    }
    return false;
  }
};

}  // namespace

TEST_CASE("prefix and name are joined as paths are", "[secrets]") {
  CHECK(SecretName("prod/derp", "meshkey") == "prod/derp/meshkey");
  CHECK(SecretName("/prod//derp/", "meshkey") == "prod/derp/meshkey");
  CHECK(SecretName("", "meshkey") == "meshkey");
}

TEST_CASE("a secret is asked for as setec wants it, and cached for its owner only", "[secrets]") {
  const Setec setec;
  Fixture f;
  const auto secret = f.Obtain(setec.server.Url("/"));
  REQUIRE(secret);
  CHECK(secret->value == kKey);
  CHECK(secret->version == 7);
  namespace fs = std::filesystem;
  CHECK(fs::status(f.cache).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(fs::status(f.directory / "deep").permissions() == fs::perms::owner_all);
  CHECK(f.lines.empty());
}

TEST_CASE("without its server the cached value serves, however old", "[secrets]") {
  Fixture f;
  {
    const Setec setec;
    REQUIRE(f.Obtain(setec.server.Url()));
  }
  const auto secret = f.Obtain("http://127.0.0.1:1");
  REQUIRE(secret);
  CHECK(secret->value == kKey);
  CHECK(f.waits == 0);
  CHECK(f.Logged("using version 7 of the cache"));
  CHECK_FALSE(f.Logged(kKey));
}

TEST_CASE("without a cached value the start waits for the server, and says so", "[secrets]") {
  const Setec setec(3);
  Fixture f;
  const auto secret = f.Obtain(setec.server.Url(), std::chrono::minutes(1));
  REQUIRE(secret);
  CHECK(f.waits == 3);
  CHECK(f.Logged("HTTP status 503: not yet; there is no cached value, trying again in 2 s"));
}

TEST_CASE("patience ends with the server's last words", "[secrets]") {
  const Setec setec(1000);
  Fixture f;
  const auto secret = f.Obtain(setec.server.Url(), std::chrono::minutes(1));
  REQUIRE_FALSE(secret);
  CHECK(secret.error().context.find("HTTP status 503") != std::string::npos);
  CHECK(f.waits == 7);  // 1, 2, 4, 8 and three times 15 s
}

TEST_CASE("answers that are no secret, and redirects, are failures", "[secrets]") {
  const test::HttpServer server(http::Answering([](const http::Request& request) {
    if (request.path.starts_with("/elsewhere")) {
      http::Response response = http::ErrorReply(307, "");
      response.headers.Set("Location", "file:///etc/hostname");
      return response;
    }
    return http::TextReply(request.path.starts_with("/number") ? R"({"Value":7})" : "<html>");
  }));
  for (const char* path : {"/elsewhere", "/number", "/page"}) {
    CAPTURE(path);
    CHECK_FALSE(Fixture().Obtain(server.Url(path)));
  }
}

TEST_CASE("a cache that is a directory is fatal, a damaged one is replaced", "[secrets]") {
  const Setec setec;
  Fixture f;
  f.cache = f.directory / "";
  CHECK(f.Obtain(setec.server.Url()).error().code == ErrorCode::kInvalidArgument);
  f.cache = f.directory / "cache";
  std::ofstream(f.cache) << "{]";
  CHECK_FALSE(f.Obtain("http://127.0.0.1:1"));
  CHECK(f.Logged("the cache cannot be used"));
  REQUIRE(f.Obtain(setec.server.Url()));
  CHECK(ReadCachedSecret(f.cache, "prod/derp/meshkey").value()->value == kKey);
  REQUIRE(WriteCachedSecret(f.cache, "other", {.value = "x", .version = 1}, WallTime{}));
  CHECK(ReadCachedSecret(f.cache, "prod/derp/meshkey").value()->value == kKey);
  CHECK_FALSE(ReadCachedSecret(f.cache, "third").value());
}
