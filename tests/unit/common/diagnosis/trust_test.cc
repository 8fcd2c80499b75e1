// What may be fetched on a certificate's word, and that it is fetched once.
#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "common/diagnosis/trust/public_url.h"
#include "common/diagnosis/trust/shared_fetch.h"

using namespace derp;
using namespace derp::diagnosis;

namespace {

using Ints = SharedFetch<int>;

Ints::Outcome Fetched(int value, Duration keep) {
  return {std::make_shared<const int>(value), keep};
}

TimePoint Soon() { return SystemClock().Now() + std::chrono::seconds(10); }

}  // namespace

TEST_CASE("plain URLs are taken apart", "[diagnosis][trust]") {
  struct Row {
    const char* url;
    const char* host;
    int port;
  };
  const auto row = GENERATE(values<Row>({{"http://lists.test/1.crl", "lists.test", 80},
                                         {"HTTP://lists.test:8080?x", "lists.test", 8080},
                                         {"http://192.0.2.1", "192.0.2.1", 80},
                                         {"http://[2001:db8::1]/a", "2001:db8::1", 80},
                                         {"http://[2001:db8::1]:81/a", "2001:db8::1", 81}}));
  CAPTURE(row.url);
  const auto url = ParsePlainUrl(row.url);
  REQUIRE(url);
  CHECK(url->host == row.host);
  CHECK(url->port == row.port);
}

TEST_CASE("what is no plain URL is refused", "[diagnosis][trust]") {
  for (const char* url :
       {"", "https://lists.test/", "ldap://lists.test/", "file:///etc/passwd", "http://",
        "http:///x", "http://user@lists.test/", "http://lists.test:0/", "http://lists.test:x/",
        "http://lists.test:70000/", "http://[::1", "http://[1.2.3.4]/", "http://[fe80::1%lo]/",
        "http://a b/", "http://a\r\nb/", "http://lists.test\\@10.0.0.1/", "http://::1/"}) {
    CAPTURE(url);
    CHECK_FALSE(ParsePlainUrl(url));
  }
  CHECK_FALSE(ParsePlainUrl("http://lists.test/" + std::string(3000, 'a')));
}

TEST_CASE("only addresses of the Internet are public", "[diagnosis][trust]") {
  for (const char* ip : {"9.9.9.9", "192.88.98.1", "100.128.0.1", "2606:4700::1111",
                         "64:ff9b::909:909", "::ffff:9.9.9.9", "2002:909:909::1"}) {
    CAPTURE(ip);
    CHECK(IsPublicAddress(*IpAddress::Parse(ip)));
  }
  for (const char* ip : {"0.0.0.0",
                         "10.1.2.3",
                         "100.64.0.1",
                         "127.0.0.1",
                         "169.254.169.254",
                         "172.31.0.1",
                         "192.0.2.1",
                         "192.168.1.1",
                         "198.19.0.1",
                         "224.0.0.1",
                         "255.255.255.255",
                         "::",
                         "::1",
                         "fc00::1",
                         "fe80::1",
                         "ff02::1",
                         "2001:db8::1",
                         "::ffff:10.0.0.1",
                         "64:ff9b::a00:1",
                         "2002:7f00:1::1"}) {
    CAPTURE(ip);
    CHECK_FALSE(IsPublicAddress(*IpAddress::Parse(ip)));
  }
}

TEST_CASE("many who ask for one thing cause one fetch", "[diagnosis][trust]") {
  const SystemClock clock;
  std::atomic<int> fetches = 0;
  std::atomic<int> answers = 0;
  Ints shared(clock, 2, 8);
  std::vector<std::thread> askers;
  for (int i = 0; i < 16; ++i) {
    askers.emplace_back([&] {
      const auto got = shared.Get(
          "list",
          [&] {
            ++fetches;
            return Fetched(7, std::chrono::hours(1));
          },
          std::chrono::seconds(10), Soon());
      if (got && *got && ***got == 7) ++answers;
    });
  }
  for (std::thread& asker : askers) asker.join();
  CHECK(fetches == 1);
  CHECK(answers == 16);
}

TEST_CASE("nobody waits longer than the patience since the fetch began", "[diagnosis][trust]") {
  const SystemClock clock;
  std::atomic<bool> go_on = false;
  Ints shared(clock, 1, 8);
  const auto slow = [&] {
    while (!go_on) std::this_thread::yield();
    return Fetched(7, std::chrono::hours(1));
  };
  const Duration patience = std::chrono::milliseconds(100);
  CHECK_FALSE(shared.Get("list", slow, patience, Soon()));
  const TimePoint start = clock.Now();
  for (int i = 0; i < 50; ++i) CHECK_FALSE(shared.Get("list", slow, patience, Soon()));
  CHECK(clock.Now() - start < std::chrono::seconds(2));
  go_on = true;
  CHECK(shared.Get("list", slow, std::chrono::seconds(10), Soon()));
}

TEST_CASE("what is over is fetched again, and room is made for others", "[diagnosis][trust]") {
  const SystemClock clock;
  int fetches = 0;
  Ints shared(clock, 1, 2);
  const auto ask = [&](const std::string& key, Duration keep) {
    const auto got = shared.Get(
        key, [&fetches, keep] { return Fetched(++fetches, keep); }, std::chrono::seconds(10),
        Soon());
    return got && *got ? ***got : 0;
  };
  CHECK(ask("a", Duration::zero()) == 1);
  CHECK(ask("a", std::chrono::hours(1)) == 2);
  CHECK(ask("a", std::chrono::hours(1)) == 2);
  CHECK(ask("b", std::chrono::hours(2)) == 3);
  CHECK(ask("c", std::chrono::hours(2)) == 4);  // in the place of a
  CHECK(ask("b", std::chrono::hours(2)) == 3);
  CHECK(ask("a", std::chrono::hours(1)) == 5);
}
