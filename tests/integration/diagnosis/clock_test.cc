// Certificates out of their dates: the relay's Date tells whose clock is wrong.
#include <catch2/catch.hpp>

#include "common/http/response.h"
#include "tests/integration/diagnosis/authority.h"
#include "tests/integration/diagnosis/packet_relay.h"

using namespace derp;
using namespace derp::diagnosis;
using test::Authority;
using test::FaultyRelay;
using test::RelaySide;
using test::WalkFixture;

namespace {

using Texts = std::vector<std::string>;
constexpr Duration kDay = std::chrono::hours(24);

// A pinned relay whose certificate ended 100 days ago, and which believes that it is `relay_time`
// from now.
class Scene {
 public:
  explicit Scene(Duration relay_time, bool closes = false)
      : packets_(test::Unchanged), relay_(Tls(), [this, relay_time, closes](RelaySide& side, int) {
          Play(side, relay_time, closes);
        }) {}

  RunReport Walk() {
    fixture.mesh_key = MeshKey::Parse(std::string(64, 'a'));
    return fixture.Walk(relay_.Node());
  }

  WalkFixture fixture;
  std::atomic<int> keys_sent = 0;

 private:
  static test::TestTls Tls() {
    const net::PrivateKey key = net::PrivateKey::GenerateP256();
    const WallTime now = SystemClock().WallNow();
    const net::Certificate leaf = net::IssueCertificate({.common_name = "127.0.0.1",
                                                         .names = {"127.0.0.1"},
                                                         .not_before = now - 1000 * kDay,
                                                         .not_after = now - 100 * kDay},
                                                        key, nullptr, key);
    net::TlsServerOptions options{.chain = {leaf},
                                  .key = key,
                                  .meta_certificate = std::nullopt,
                                  .accept_sni = {},
                                  .versions = net::TlsVersions::kFrom12};
    return {net::TlsServerContext::Make(std::move(options)).value(), "", leaf.Sha256Hex()};
  }

  void Play(RelaySide& side, Duration relay_time, bool closes) {
    if (!asked_.exchange(true)) {
      side.ReadHead();  // GET /derp/probe
      side.SendText("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: " +
                    http::FormatHttpDate(SystemClock().WallNow() + relay_time) +
                    (closes ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n"));
      if (closes) return side.Close();
    }
    packets_.Play(side, logins_++, [this](const wire::ReceivedClientInfo& info) {
      if (info.info.mesh_key) ++keys_sent;
    });
  }

  std::atomic<bool> asked_ = false;
  std::atomic<int> logins_ = 0;
  test::PacketRelay packets_;
  FaultyRelay relay_;  // last: its threads use the members above
};

}  // namespace

TEST_CASE("a certificate valid at the relay's time is excused, but gets no mesh key",
          "[diagnosis][clock]") {
  const bool closes = GENERATE(false, true);
  Scene scene(-300 * kDay, closes);
  const RunReport report = scene.Walk();
  REQUIRE(test::CodesOf(report) == Texts{"prober.clock"});
  CHECK(report.findings[0].fact.find(" days ahead of the Date of 1 relay, at whose time") !=
        std::string::npos);
  CHECK(report.nodes[0].Worst(Stage::kCert) == Outcome::kOk);
  CHECK(report.nodes[0].Worst(Stage::kRelay) == Outcome::kOk);
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
  CHECK(scene.keys_sent == 0);
  CHECK(report.exit_status == 0);
}

TEST_CASE("a relay that knows the right time excuses nothing", "[diagnosis][clock]") {
  Scene scene(Duration::zero());
  const RunReport report = scene.Walk();
  CHECK(test::CodesOf(report) == Texts{"cert.expired"});
  CHECK(report.nodes[0].verdict == Verdict::kUnusable);
  CHECK(report.nodes[0].Worst(Stage::kHttp) == Outcome::kNotReached);
}

TEST_CASE("a wrong time at which the certificate is out of its dates too excuses nothing",
          "[diagnosis][clock]") {
  Scene scene(-50 * kDay);
  CHECK(test::CodesOf(scene.Walk()) == Texts{"cert.expired"});
}
