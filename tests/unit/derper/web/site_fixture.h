// A site without a relay behind it, asked directly.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "common/http/url.h"
#include "derper/web/site.h"
#include "tests/support/fake_clock.h"

namespace derp::relay {

class AskedSite {
 public:
  explicit AskedSite(std::unique_ptr<MainSite> site) : site_(std::move(site)) {}

  // What is answered at once; status 0 when the answer is still to come.
  http::Response Handle(const http::Request& request) {
    return Ask([&](http::Responder r) { site_->Handle(request, std::move(r)); });
  }
  http::Response HandlePlain(const http::Request& request) {
    return Ask([&](http::Responder r) { site_->HandlePlain(request, std::move(r)); });
  }
  http::Response HandleDebugOnly(const http::Request& request) {
    return Ask([&](http::Responder r) { site_->HandleDebugOnly(request, std::move(r)); });
  }
  MainSite* operator->() { return site_.get(); }

 private:
  template <typename Handler>
  static http::Response Ask(const Handler& handler) {
    const auto answer = std::make_shared<http::Response>(http::Response{.status = 0});
    handler(http::Responder([answer](http::Response response) { *answer = std::move(response); }));
    return *answer;
  }

  std::unique_ptr<MainSite> site_;
};

struct SiteFixture {
  test::FakeClock clock;
  metrics::Registry registry;
  net::EventLoop loop;
  SystemRandom random;
  std::vector<std::string> lines;
  Logger logger{[this](LogLevel, std::string_view text) { lines.emplace_back(text); }};
  SiteSettings settings{.hostname = "derp.example.net", .version = "1.2.3"};
  std::map<std::string, std::string> environment;

  SiteParts parts() { return {registry, loop, clock, random, logger}; }

  std::unique_ptr<AskedSite> Make() {
    auto access = http::DebugAccess::FromEnvironment(environment);
    REQUIRE(access.has_value());
    auto site = MainSite::Make(settings, *access, parts());
    REQUIRE(site.has_value());
    return std::make_unique<AskedSite>(std::move(*site));
  }
};

inline http::Request Ask(const std::string& target, const std::string& method = "GET",
                         const std::string& from = "192.0.2.9") {
  http::Request request;
  request.head.method = method;
  request.head.target = target;
  const auto parsed = http::ParseTarget(target);
  REQUIRE(parsed.has_value());
  request.path = parsed->path;
  request.query = parsed->query;
  request.remote.ip = *IpAddress::Parse(from);
  request.tls = true;
  return request;
}

}  // namespace derp::relay
