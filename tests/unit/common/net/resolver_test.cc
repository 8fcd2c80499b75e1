#include "common/net/resolver.h"

#include <netdb.h>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "common/base/mutex.h"

namespace derp::net {
namespace {

TimePoint In(Duration duration) { return SystemClock().Now() + duration; }

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }

SystemResolver Answering(int error, std::vector<IpAddress> addresses = {}) {
  return SystemResolver([=](const std::string&, std::optional<AddressFamily>) {
    return SystemLookup{error, addresses};
  });
}

TEST_CASE("a literal resolves to itself without asking anyone", "[net]") {
  SystemResolver resolver = Answering(EAI_NONAME);
  CHECK(*resolver.Resolve("192.0.2.1", std::nullopt, TimePoint()) ==
        std::vector<IpAddress>{Ip("192.0.2.1")});
  CHECK(resolver.Resolve("2001:db8::1", AddressFamily::kIpv6, TimePoint()).has_value());
  CHECK(resolver.Resolve("2001:db8::1", AddressFamily::kIpv4, TimePoint()).error().failure ==
        DnsFailure::kNoAddress);
}

TEST_CASE("addresses come with IPv4 first and once each", "[net]") {
  SystemResolver resolver =
      Answering(0, {Ip("2001:db8::1"), Ip("192.0.2.2"), Ip("192.0.2.1"), Ip("2001:db8::1")});
  const auto found = resolver.Resolve("relay.test", std::nullopt, In(std::chrono::seconds(20)));
  REQUIRE(found.has_value());
  CHECK(*found == std::vector<IpAddress>{Ip("192.0.2.2"), Ip("192.0.2.1"), Ip("2001:db8::1")});
}

TEST_CASE("an unknown name reads as Go's", "[net]") {
  SystemResolver resolver = Answering(EAI_NONAME);
  const auto found = resolver.Resolve("nosuch.test", std::nullopt, In(std::chrono::seconds(20)));
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().failure == DnsFailure::kNotFound);
  CHECK(found.error().text == "lookup nosuch.test: no such host");
}

TEST_CASE("a name without addresses of the family is told from an unknown one", "[net]") {
  const auto error = GENERATE(EAI_NODATA, EAI_ADDRFAMILY, 0);
  SystemResolver resolver = Answering(error);
  CHECK(resolver.Resolve("v4.test", AddressFamily::kIpv6, In(std::chrono::seconds(20)))
            .error()
            .failure == DnsFailure::kNoAddress);
}

TEST_CASE("names that cannot be asked for do not exist", "[net]") {
  SystemResolver resolver = Answering(0, {Ip("192.0.2.1")});
  for (const std::string& name : {std::string(), std::string(255, 'a'), std::string("a\0b", 3)}) {
    CHECK(resolver.Resolve(name, std::nullopt, In(std::chrono::seconds(20))).error().failure ==
          DnsFailure::kNotFound);
  }
}

// A lookup that hangs until the gate opens.
struct Gate {
  Mutex mutex;
  CondVar changed;
  bool open DERP_GUARDED_BY(mutex) = false;
  int entered DERP_GUARDED_BY(mutex) = 0;

  void Pass() {
    MutexLock lock(mutex);
    ++entered;
    changed.NotifyAll();
    while (!open) changed.Wait(mutex);
  }
};

TEST_CASE("a lookup that hangs costs no more than the deadline, and not without end", "[net]") {
  auto gate = std::make_shared<Gate>();
  SystemResolver resolver([gate](const std::string&, std::optional<AddressFamily>) {
    gate->Pass();
    return SystemLookup{0, {Ip("192.0.2.1")}};
  });
  const auto late = resolver.Resolve("slow.test", std::nullopt, In(std::chrono::milliseconds(1)));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().failure == DnsFailure::kTimeout);
  CHECK(late.error().text == "lookup slow.test: i/o timeout");
  for (int i = 1; i < SystemResolver::kMaxPending; ++i) {
    CHECK(resolver.Resolve("slow.test", std::nullopt, TimePoint()).error().failure ==
          DnsFailure::kTimeout);
  }
  CHECK(resolver.Resolve("slow.test", std::nullopt, In(std::chrono::seconds(20))).error().text ==
        "lookup slow.test: too many lookups hang");
  MutexLock lock(gate->mutex);
  gate->open = true;
  gate->changed.NotifyAll();
}

TEST_CASE("one lookup after another needs one thread", "[net]") {
  auto threads = std::make_shared<std::set<std::thread::id>>();
  SystemResolver resolver([threads](const std::string&, std::optional<AddressFamily>) {
    threads->insert(std::this_thread::get_id());
    return SystemLookup{0, {Ip("192.0.2.1")}};
  });
  for (int i = 0; i < 100; ++i) {
    REQUIRE(resolver.Resolve("relay.test", std::nullopt, In(std::chrono::seconds(20))).has_value());
  }
  // One more whenever the last one had not yet come back to wait.
  CHECK(threads->size() < 50);
}

}  // namespace
}  // namespace derp::net
