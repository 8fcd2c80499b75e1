#include "derper/web/bootstrap_lookup.h"

#include <catch2/catch.hpp>

#include "tests/support/fake_resolver.h"

namespace derp::relay {
namespace {

using Table = std::map<std::string, std::vector<IpAddress>, std::less<>>;

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }

BootstrapSources Sources(const Table& table) {
  return {.resolver = std::make_shared<test::FakeResolver>(table),
          .texts = [](const std::string& name,
                      TimePoint) -> Expected<std::vector<std::string>, net::DnsError> {
            if (name == "half.example") return std::vector<std::string>{"50"};
            return Fail(net::DnsError{.failure = net::DnsFailure::kNotFound,
                                      .text = "lookup " + name + ": no such host"});
          }};
}

TEST_CASE("names and shares are looked up, and what fails is left out and logged",
          "[derper][bootstrap]") {
  net::EventLoop loop;
  std::vector<std::string> lines;
  const Logger logger([&](LogLevel, std::string_view text) { lines.emplace_back(text); });
  BootstrapFindings findings;
  BootstrapLookup lookup(
      loop, logger,
      {.published = ParseBootstrapNames("a.example,missing.example"),
       .unpublished = ParseBootstrapNames("b.example/half.example,c.example/none.example")},
      Sources({{"a.example", {Ip("192.0.2.1"), Ip("2001:db8::1")}},
               {"b.example", {Ip("192.0.2.2")}},
               {"c.example", {Ip("192.0.2.3")}}}),
      [&](BootstrapFindings found) {
        findings = std::move(found);
        loop.Stop();
      });
  lookup.Start();
  loop.Run();
  CHECK(findings.published.at("a.example").addresses.size() == 2);
  CHECK(findings.published.at("missing.example").addresses.empty());
  CHECK(findings.unpublished.at("b.example").share == 0.5);
  CHECK(findings.unpublished.at("c.example").share == 0);
  CHECK(findings.unpublished.at("c.example").addresses.size() == 1);
  CHECK(lines ==
        std::vector<std::string>{
            "bootstrap DNS lookup \"missing.example\": lookup missing.example: no such host",
            "bootstrap DNS lookup \"none.example\": lookup none.example: no such host"});
}

TEST_CASE("rounds follow each other by themselves", "[derper][bootstrap]") {
  net::EventLoop loop;
  const Logger logger([](LogLevel, std::string_view) {});
  int rounds = 0;
  BootstrapLookup lookup(
      loop, logger, {.published = ParseBootstrapNames("a.example")},
      Sources({{"a.example", {Ip("192.0.2.1")}}}),
      [&](const BootstrapFindings&) {
        if (++rounds == 3) loop.Stop();
      },
      std::chrono::milliseconds(1));
  lookup.Start();
  loop.Run();
  CHECK(rounds == 3);
}

// Hangs until it is told to go on.
class HangingResolver final : public net::Resolver {
 public:
  Expected<std::vector<IpAddress>, net::DnsError> Resolve(std::string_view,
                                                          std::optional<AddressFamily>,
                                                          TimePoint) override {
    MutexLock lock(mutex);
    hangs = true;
    changed.NotifyAll();
    while (!go_on) changed.Wait(mutex);
    hangs = false;
    changed.NotifyAll();
    return std::vector<IpAddress>{};
  }
  void WaitUntilHanging() {
    MutexLock lock(mutex);
    while (!hangs) changed.Wait(mutex);
  }
  void Release() {
    MutexLock lock(mutex);
    go_on = true;
    changed.NotifyAll();
    while (hangs) changed.Wait(mutex);
  }

 private:
  Mutex mutex;
  CondVar changed;
  bool hangs = false;
  bool go_on = false;
};

TEST_CASE("a lookup that hangs delays nobody and is left behind", "[derper][bootstrap]") {
  const auto resolver = std::make_shared<HangingResolver>();
  {
    net::EventLoop loop;
    const Logger logger([](LogLevel, std::string_view) {});
    BootstrapLookup lookup(loop, logger, {.published = ParseBootstrapNames("a.example")},
                           {.resolver = resolver, .texts = nullptr},
                           [](const BootstrapFindings&) { FAIL("nobody waits for it"); });
    lookup.Start();
    resolver->WaitUntilHanging();
    bool ran = false;
    loop.Post([&] {
      ran = true;
      loop.Stop();
    });
    loop.Run();
    CHECK(ran);
  }
  resolver->Release();
}

}  // namespace
}  // namespace derp::relay
