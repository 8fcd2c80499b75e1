// What a certificate itself tells, over sockets: exactly its code is reported.
#include <catch2/catch.hpp>

#include "tests/integration/diagnosis/authority.h"

using namespace derp;
using namespace derp::diagnosis;
using test::Authority;
using test::FaultyRelay;
using test::RelaySide;
using test::WalkFixture;

namespace {

using Texts = std::vector<std::string>;
using Days = std::chrono::duration<int, std::ratio<86400>>;

// The notes too; these relays have no meta certificate.
Texts AllCodes(const RunReport& report) {
  Texts codes;
  for (const Finding& finding : report.findings) {
    if (finding.code != "cert.meta_missing") codes.push_back(finding.code);
  }
  return codes;
}

// A walk to the end of stage cert.
RunReport Look(WalkFixture& fixture, const derpmap::Node& node) {
  fixture.asked.mesh = false;
  fixture.asked.stun = false;
  return fixture.Walk(node);
}

void HoldOpen(RelaySide& side, int) { side.AtEnd(); }

}  // namespace

TEST_CASE("a certificate in the last third of its life is cert.expiring", "[diagnosis][cert]") {
  const Authority authority;
  const auto key = net::PrivateKey::GenerateP256();
  Authority::Wish wish;
  wish.begins = -Days(70);
  wish.ends = Days(20);
  wish.with_list = false;
  const FaultyRelay relay(authority.Tls(authority.Issue(key, wish), key, true), HoldOpen);
  WalkFixture fixture;
  fixture.context.roots = authority.Roots();
  derpmap::Node node = relay.Node();
  node.host_name = "relay.test";
  node.cert_name.clear();
  const RunReport report = Look(fixture, node);
  CHECK(AllCodes(report) == Texts{"cert.expiring"});
  CHECK(report.nodes[0].Worst(Stage::kCert) == Outcome::kWarn);
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
  CHECK(report.exit_status == 0);
}

TEST_CASE("a pinned certificate that comes with a chain is cert.pin_chain", "[diagnosis][cert]") {
  const Authority authority;
  const auto key = net::PrivateKey::GenerateP256();
  const FaultyRelay relay(authority.Tls(authority.Issue(key, {}), key, true), HoldOpen);
  WalkFixture fixture;
  const RunReport report = Look(fixture, relay.Node());
  CHECK(AllCodes(report) == Texts{"cert.pin_chain"});
  CHECK(report.nodes[0].Worst(Stage::kHttp) == Outcome::kNotReached);
  CHECK(report.nodes[0].verdict == Verdict::kUnusable);
}

TEST_CASE("a node that the map exempts is cert.unverified and goes on", "[diagnosis][cert]") {
  const FaultyRelay relay(test::MakeTestTls({"other.test"}, std::nullopt), HoldOpen);
  WalkFixture fixture;
  derpmap::Node node = relay.Node();
  node.cert_name.clear();
  node.insecure_for_tests = true;
  const RunReport report = Look(fixture, node);
  CHECK(AllCodes(report) == Texts{"cert.unverified"});
  CHECK(report.nodes[0].Worst(Stage::kCert) == Outcome::kOk);
}

TEST_CASE("a meta certificate of another key than the greeting's is cert.meta_differs",
          "[diagnosis][cert]") {
  SystemRandom random;
  const NodePrivate server = NodePrivate::Generate(random);
  const NodePrivate other = NodePrivate::Generate(random);
  const FaultyRelay relay(test::MakeTestTls({"127.0.0.1"}, other.Public()),
                          [&server](RelaySide& side, int) {
                            side.LogIn(server);
                            side.AtEnd();
                          });
  WalkFixture fixture;
  fixture.HurryUp();
  const RunReport report = fixture.Walk(relay.Node());
  const Texts codes = AllCodes(report);
  CHECK(std::count(codes.begin(), codes.end(), "cert.meta_differs") == 1);
  CHECK(report.nodes[0].Worst(Stage::kCert) == Outcome::kOk);
}
