// What only authorities can tell: revoked certificates and missing intermediates, over sockets.
#include <catch2/catch.hpp>

#include "common/diagnosis/trust/authorities.h"
#include "tests/integration/diagnosis/authority.h"

using namespace derp;
using namespace derp::diagnosis;
using test::Authority;
using test::FaultyRelay;
using test::RelaySide;
using test::WalkFixture;

namespace {

using Texts = std::vector<std::string>;

// A relay whose certificate an authority issued, and a look at it up to stage cert.
struct Scene {
  explicit Scene(const Authority::Wish& wish = {}) : leaf(authority.Issue(key, wish)) {
    fixture.context.roots = authority.Roots();
    fixture.asked.mesh = false;
    fixture.asked.stun = false;
  }

  RunReport Look(bool whole = true) {
    const FaultyRelay relay(authority.Tls(leaf, key, whole),
                            [](RelaySide& side, int) { side.AtEnd(); });
    derpmap::Node node = relay.Node();
    node.host_name = "relay.test";
    node.cert_name.clear();
    return fixture.Walk(node);
  }

  void SetMode(CrlMode mode) {
    fixture.context.authorities =
        std::make_shared<Authorities>(fixture.clock, fixture.resolver, mode);
  }

  Authority authority;
  net::PrivateKey key = net::PrivateKey::GenerateP256();
  net::Certificate leaf;
  WalkFixture fixture;
};

Texts AllCodes(const RunReport& report) {
  Texts codes;
  for (const Finding& finding : report.findings) {
    if (finding.code != "cert.meta_missing") codes.push_back(finding.code);
  }
  return codes;
}

}  // namespace

TEST_CASE("a certificate on its issuer's list is cert.revoked", "[diagnosis][trust]") {
  Scene scene;
  scene.authority.Publish({scene.leaf});
  const RunReport report = scene.Look();
  REQUIRE(test::CodesOf(report) == Texts{"cert.revoked"});
  CHECK(report.findings[0].fact.find("key compromise") != std::string::npos);
  CHECK(report.nodes[0].verdict == Verdict::kUnusable);
  CHECK(report.nodes[0].Worst(Stage::kCert) == Outcome::kFail);
}

TEST_CASE("a list without the certificate is asked for once by many walks", "[diagnosis][trust]") {
  Scene scene;
  scene.authority.Publish({});
  for (int i = 0; i < 5; ++i) CHECK(AllCodes(scene.Look()).empty());
  CHECK(scene.authority.list_requests() == 1);
}

TEST_CASE("a list that cannot be had is an info, or an error where it is demanded",
          "[diagnosis][trust]") {
  Scene scene;
  const RunReport soft = scene.Look();
  CHECK(AllCodes(soft) == Texts{"cert.crl_unavailable"});
  CHECK(test::CodesOf(soft).empty());
  CHECK(soft.exit_status == 0);
  CHECK(soft.nodes[0].Worst(Stage::kCert) == Outcome::kOk);

  scene.SetMode(CrlMode::kHard);
  const RunReport hard = scene.Look();
  CHECK(test::CodesOf(hard) == Texts{"cert.crl_unavailable"});
  CHECK(hard.nodes[0].verdict == Verdict::kImpaired);
  CHECK(hard.exit_status == 1);

  scene.SetMode(CrlMode::kOff);
  CHECK(AllCodes(scene.Look()).empty());
}

TEST_CASE("a failed fetch is not repeated by the next walks", "[diagnosis][trust]") {
  Scene scene;
  for (int i = 0; i < 3; ++i) CHECK(AllCodes(scene.Look()) == Texts{"cert.crl_unavailable"});
  CHECK(scene.authority.list_requests() == 1);
}

TEST_CASE("an outdated list still revokes, but clears nobody", "[diagnosis][trust]") {
  Scene listed;
  listed.authority.Publish({listed.leaf}, -std::chrono::hours(1));
  CHECK(AllCodes(listed.Look()) == Texts{"cert.revoked"});
  Scene other;
  other.authority.Publish({}, -std::chrono::hours(1));
  CHECK(AllCodes(other.Look()) == Texts{"cert.crl_unavailable"});
}

TEST_CASE("an issuer without lists is fine", "[diagnosis][trust]") {
  Scene scene({.with_list = false});
  CHECK(AllCodes(scene.Look()).empty());
}

TEST_CASE("a missing intermediate that completes the chain is cert.incomplete_chain",
          "[diagnosis][trust]") {
  Scene scene;
  const RunReport report = scene.Look(false);
  REQUIRE(test::CodesOf(report) == Texts{"cert.incomplete_chain"});
  CHECK(report.findings[0].fact.find("/issuer.cer") != std::string::npos);
}

TEST_CASE("what the certificate names does not help when the root is a stranger",
          "[diagnosis][trust]") {
  Scene scene;
  scene.fixture.context.roots = Authority().Roots();
  const RunReport report = scene.Look(false);
  REQUIRE(test::CodesOf(report) == Texts{"cert.unknown_issuer"});
  CHECK(report.findings[0].fact.find("nor with what http://127.0.0.1:") != std::string::npos);
}

TEST_CASE("an intermediate that nobody names or gives leaves the issuer unknown",
          "[diagnosis][trust]") {
  Scene unnamed({.with_issuer_url = false});
  CHECK(test::CodesOf(unnamed.Look(false)) == Texts{"cert.unknown_issuer"});
}

TEST_CASE("a certificate of a known box is cert.intercepted", "[diagnosis][trust]") {
  Scene scene;
  const Authority box({.root = "Box Root", .intermediate = "Sophos SSL CA"});
  const net::Certificate leaf = box.Issue(scene.key, {});
  const FaultyRelay relay(box.Tls(leaf, scene.key, true),
                          [](RelaySide& side, int) { side.AtEnd(); });
  derpmap::Node node = relay.Node();
  node.host_name = "relay.test";
  node.cert_name.clear();
  const RunReport report = scene.fixture.Walk(node);
  REQUIRE(test::CodesOf(report) == Texts{"cert.intercepted"});
  CHECK(std::get<std::string>(report.findings[0].data.at("vendor")) == "Sophos");
}

TEST_CASE("a trusted certificate for another name or another time has its code",
          "[diagnosis][trust]") {
  Scene other({.name = "other.test", .with_list = false});
  const RunReport mismatch = other.Look();
  REQUIRE(test::CodesOf(mismatch) == Texts{"cert.name_mismatch"});
  CHECK(mismatch.findings[0].fact == "it covers other.test");

  Scene early({.begins = std::chrono::hours(2), .ends = std::chrono::hours(4), .with_list = false});
  CHECK(test::CodesOf(early.Look()) == Texts{"cert.not_yet_valid"});

  Scene late({.name = "other.test",
              .begins = -std::chrono::hours(20),
              .ends = -std::chrono::hours(1),
              .with_list = false});
  const RunReport expired = late.Look();
  REQUIRE(test::CodesOf(expired) == Texts{"cert.expired"});
  CHECK(std::get<std::string>(expired.findings[0].data.at("also")) == "cert.name_mismatch");
}

TEST_CASE("a certificate near its end is an error that stops nobody", "[diagnosis][trust]") {
  Scene scene(
      {.begins = -std::chrono::hours(47), .ends = std::chrono::hours(1), .with_list = false});
  const RunReport report = scene.Look();
  CHECK(test::CodesOf(report) == Texts{"cert.expiring_soon"});
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
}

TEST_CASE("one issuer that nobody trusts on two hosts is the prober's trouble",
          "[diagnosis][trust]") {
  Scene scene;
  const Authority stranger({.root = "Box Root", .intermediate = "Office Gateway"});
  const net::Certificate leaf = stranger.Issue(scene.key, {.with_issuer_url = false});
  const auto tls = stranger.Tls(leaf, scene.key, true);
  const auto play = [](RelaySide& side, int) { side.AtEnd(); };
  const FaultyRelay first(tls, play);
  const FaultyRelay second(tls, play, "127.0.0.2");
  std::vector<WalkTask> tasks(2);
  for (std::size_t i = 0; i < 2; ++i) {
    tasks[i].region = "lab";
    tasks[i].region_id = 1;
    tasks[i].node = (i == 0 ? first : second).Node();
    tasks[i].node.name = i == 0 ? "1a" : "1b";
    tasks[i].node.host_name = i == 0 ? "relay.test" : "second.test";
    tasks[i].node.cert_name.clear();
    tasks[i].asked = scene.fixture.asked;
  }
  Measurer measurer(scene.fixture.context);
  const RunReport report = Judge(measurer.Measure(std::move(tasks)));
  REQUIRE(test::CodesOf(report) == Texts{"prober.tls_intercepted"});
  CHECK(report.counts.unknown == 2);
  CHECK(report.exit_status == 1);
}

TEST_CASE("a relay on the Internet cannot send the prober into private networks",
          "[diagnosis][trust]") {
  Scene scene;
  Authorities authorities(scene.fixture.clock, scene.fixture.resolver, CrlMode::kSoft);
  const Authorities::Wait wait{std::chrono::seconds(5),
                               scene.fixture.clock.Now() + std::chrono::seconds(5)};
  const std::string url = *scene.leaf.CrlUrl();
  const auto refused = authorities.List({url, false}, scene.authority.intermediate(), wait);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().context.find("is not at a public address") != std::string::npos);
  CHECK(scene.authority.list_requests() == 0);
  scene.authority.Publish({});
  CHECK(authorities.List({url, true}, scene.authority.intermediate(), wait));
}
