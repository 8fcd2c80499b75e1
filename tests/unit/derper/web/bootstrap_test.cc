// The question part of /bootstrap-dns, and what the lists mean.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "derper/web/bootstrap_dns.h"
#include "derper/web/bootstrap_share.h"

namespace derp::relay {
namespace {

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }

struct Fixture {
  SystemRandom random;
  BootstrapDns dns{{.published = {{.name = "a.example"}, {.name = "empty.example"}},
                    .unpublished = {{.name = "hidden.example"}, {.name = "lost.example"}}},
                   random};

  void Fill(double share = 1) {
    dns.Update(
        {.published = {{"a.example", {.addresses = {Ip("192.0.2.1"), Ip("2001:db8::1")}}},
                       {"empty.example", {}}},
         .unpublished = {{"hidden.example", {.addresses = {Ip("192.0.2.9")}, .share = share}},
                         {"lost.example", {}}}});
  }
  std::string Ask(const std::string& query, const std::string& from = "192.0.2.77") {
    http::Request request;
    request.head.method = "GET";
    request.path = "/bootstrap-dns";
    request.query = query;
    request.remote.ip = Ip(from);
    const http::Response response = dns.Handle(request);
    CHECK(response.status == 200);
    CHECK(response.headers.Get("Content-Type") == "application/json");
    CHECK(response.headers.Get("Connection") == "close");
    return response.body;
  }
  double Count(const std::string& name) {
    std::vector<metrics::Family> families;
    dns.Collect(families);
    for (const auto& family : families) {
      if (family.name == "bootstrap_dns_" + name) return family.samples.front().value;
    }
    FAIL("no " << name);
    return 0;
  }
};

TEST_CASE("before the first round of lookups there is an object without members",
          "[derper][bootstrap]") {
  Fixture f;
  CHECK(f.Ask("") == "{}");
  CHECK(f.Ask("q=hidden.example") == "{}");
}

TEST_CASE("the published names are one JSON object, indented with tabs", "[derper][bootstrap]") {
  Fixture f;
  f.dns.Update({.published = {{"z.example", {.addresses = {Ip("192.0.2.3")}}},
                              {"a.example", {.addresses = {Ip("2001:db8::1")}}}}});
  CHECK(f.Ask("") ==
        "{\n\t\"a.example\": [\n\t\t\"2001:db8::1\"\n\t],\n\t\"z.example\": [\n\t\t\"192.0.2.3\""
        "\n\t]\n}");
}

TEST_CASE("an unpublished name is in the answer to its question only", "[derper][bootstrap]") {
  Fixture f;
  f.Fill();
  CHECK(f.Ask("q=hidden.example") == "{\n\t\"hidden.example\": [\n\t\t\"192.0.2.9\"\n\t]\n}");
  for (const char* query : {"", "q=", "q=a.example", "q=other.example", "q=lost.example",
                            "q=hidden.example.", "q=HIDDEN.example"}) {
    CAPTURE(query);
    CHECK(f.Ask(query).find("hidden") == std::string::npos);
    CHECK(f.Ask(query).find("a.example") != std::string::npos);
  }
}

TEST_CASE("each question is counted as what it was", "[derper][bootstrap]") {
  Fixture f;
  f.Fill();
  f.Ask("");
  f.Ask("q=hidden.example");
  f.Ask("q=a.example");
  f.Ask("q=empty.example");
  f.Ask("q=lost.example");
  f.Ask("q=unknown.example");
  CHECK(f.Count("requests") == 6);
  CHECK(f.Count("unpublished_hits") == 1);
  CHECK(f.Count("published_hits") == 1);
  CHECK(f.Count("published_misses") == 1);
  CHECK(f.Count("unpublished_misses") == 2);
  CHECK(f.Count("unpublished_percent_misses") == 0);
}

TEST_CASE("who is outside the share is counted for both lists", "[derper][bootstrap]") {
  Fixture f;
  f.Fill(/*share=*/0);
  CHECK(f.Ask("q=hidden.example").find("hidden") == std::string::npos);
  CHECK(f.Count("unpublished_hits") == 1);
  CHECK(f.Count("unpublished_percent_misses") == 1);
  CHECK(f.Count("unpublished_misses") == 1);
}

TEST_CASE("distinct questions are remembered, five hundred of them", "[derper][bootstrap]") {
  Fixture f;
  for (const char* name : {"a", "b", "c", "d", "e", "e", "e", "a"}) {
    f.Ask(std::string("q=") + name);
  }
  CHECK(f.Count("queried_domains") == 5);
  for (int i = 0; i < 495; ++i) f.Ask(fmt::format("q=n{}", i));
  CHECK(f.Count("queried_domains") == 500);
  f.Ask("q=one-more");
  CHECK(f.Count("queried_domains") == 1);
  f.Ask("q=" + std::string(300, 'x'));  // no name in DNS is that long
  CHECK(f.Count("queried_domains") == 1);
}

TEST_CASE("a name whose lookup fails keeps its addresses", "[derper][bootstrap]") {
  Fixture f;
  f.Fill();
  const std::string before = f.Ask("q=hidden.example");
  f.dns.Update({.published = {{"a.example", {}}}, .unpublished = {{"hidden.example", {}}}});
  CHECK(f.Ask("").find("2001:db8::1") != std::string::npos);
  CHECK(f.Ask("q=hidden.example") == before);
}

TEST_CASE("addresses are shuffled, none is lost", "[derper][bootstrap]") {
  Fixture f;
  std::vector<IpAddress> addresses;
  for (int i = 0; i < 20; ++i) addresses.push_back(Ip(fmt::format("192.0.2.{}", i)));
  std::set<std::string> orders;
  for (int round = 0; round < 5; ++round) {
    f.dns.Update({.published = {{"a.example", {.addresses = addresses}}}});
    orders.insert(f.Ask(""));
    for (const IpAddress& ip : addresses) {
      CHECK(orders.rbegin()->find('"' + ip.ToString() + '"') != std::string::npos);
    }
  }
  CHECK(orders.size() > 1);
}

TEST_CASE("lists may have blanks, empty items and shares", "[derper][bootstrap]") {
  const auto names = ParseBootstrapNames(" a.example ,, b.example/b-txt.example , / ,c.example/");
  REQUIRE(names.size() == 3);
  CHECK(names[0].name == "a.example");
  CHECK(names[0].share_name.empty());
  CHECK(names[1].name == "b.example");
  CHECK(names[1].share_name == "b-txt.example");
  CHECK(names[2].name == "c.example");
  CHECK(ParseBootstrapNames("").empty());
}

TEST_CASE("the last whole number from 0 to 100 is the share", "[derper][bootstrap]") {
  CHECK(ParseShare({"50"}) == 0.5);
  CHECK(ParseShare({"10", "x", "25", "101", "-1", "7.5"}) == 0.25);
  CHECK(ParseShare({"garbage"}) == 0);
  CHECK(ParseShare({}) == 0);
  CHECK(ParseShare({"100"}) == 1);
}

TEST_CASE("an address is always on the same side of a share", "[derper][bootstrap]") {
  SystemRandom random;
  const std::pair<const char*, bool> vectors[] = {
      {"1.2.3.4", true},  {"1.2.3.5", true}, {"1.2.3.6", false}, {"1.2.3.7", true},
      {"1.2.3.8", false}, {"1.2.3.9", true}, {"1.2.3.10", true}};
  for (const auto& [address, inside] : vectors) {
    CAPTURE(address);
    CHECK(InShare(Ip(address), 0.5, random) == inside);
    CHECK(InShare(Ip(std::string("::ffff:") + address), 0.5, random) == inside);
    CHECK_FALSE(InShare(Ip(address), 0, random));
    CHECK(InShare(Ip(address), 1, random));
  }
}

TEST_CASE("half of all addresses are in a half, and this machine now and then",
          "[derper][bootstrap]") {
  SystemRandom random;
  int inside = 0;
  for (unsigned i = 0; i < 65536; ++i) {
    const auto address =
        IpAddress::V4({1, 2, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
    if (InShare(address, 0.5, random)) ++inside;
  }
  CHECK(inside / 65536.0 == Approx(0.5).margin(0.005));
  int lucky = 0;
  for (int i = 0; i < 200; ++i) lucky += InShare(Ip("127.0.0.1"), 0.01, random) ? 1 : 0;
  CHECK(lucky > 0);
  CHECK(lucky < 200);
}

}  // namespace
}  // namespace derp::relay
