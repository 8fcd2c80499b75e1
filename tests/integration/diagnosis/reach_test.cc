// Faults of tcp, tls and cert: exactly their code is reported and later stages are not reached.
#include <catch2/catch.hpp>

#include "tests/integration/diagnosis/faulty_relay.h"
#include "tests/integration/diagnosis/walk_fixture.h"

using namespace derp;
using namespace derp::diagnosis;
using test::FaultyRelay;
using test::RelaySide;
using test::WalkFixture;

namespace {

using Texts = std::vector<std::string>;

test::TestTls Certificate(const char* name = "127.0.0.1") {
  return test::MakeTestTls({name}, std::nullopt);
}

// The one code, its stage failed, everything behind it not reached.
void CheckFault(const RunReport& report, const std::string& code) {
  REQUIRE(test::CodesOf(report) == Texts{code});
  const Finding& finding = report.findings.front();
  CHECK_FALSE(finding.headline.empty());
  CHECK_FALSE(finding.fact.empty());
  CHECK_FALSE(finding.advice.empty());
  const NodeReport& node = report.nodes[0];
  CHECK(node.verdict == Verdict::kUnusable);
  CHECK(node.Worst(finding.stage) == Outcome::kFail);
  for (const StageResult& result : node.stages) {
    if (result.stage <= finding.stage || result.stage > Stage::kRelay) continue;
    // "map says none"
    const bool skipped = result.family == AddressFamily::kIpv6 && result.reason.size() > 0;
    CAPTURE(StageName(result.stage));
    CHECK(result.outcome == (skipped ? Outcome::kSkipped : Outcome::kNotReached));
    if (!skipped) CHECK(result.after == finding.stage);
  }
  CHECK(report.exit_status == 1);
}

void PlainText(net::Fd fd, const char* text) {
  RelaySide side(std::move(fd), nullptr);
  side.SendText(text);
  side.AtEnd();
}

}  // namespace

TEST_CASE("a closed port is tcp.refused", "[diagnosis][tcp]") {
  derpmap::Node node;
  {
    const FaultyRelay relay([](net::Fd, int) {});
    node = relay.Node();
  }
  CheckFault(WalkFixture().Walk(node), "tcp.refused");
}

TEST_CASE("what speaks no TLS is named", "[diagnosis][tls]") {
  struct Row {
    const char* text;
    const char* what;
  };
  const auto row = GENERATE(values<Row>({{"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"},
                                         {"SSH-2.0-OpenSSH_9.2\r\n", "SSH"},
                                         {"\x01\x02\x03\x04\x05\x06\x07\x08", "something else"}}));
  const FaultyRelay relay([&row](net::Fd fd, int) { PlainText(std::move(fd), row.text); });
  const RunReport report = WalkFixture().Walk(relay.Node());
  CheckFault(report, "tls.not_tls");
  CHECK(std::get<std::string>(report.findings[0].data.at("looks_like")) == row.what);
}

TEST_CASE("a connection cut after the ClientHello is tls.reset", "[diagnosis][tls]") {
  const FaultyRelay relay([](net::Fd fd, int) {
    net::WaitReadable(fd.get(), SystemClock().Now() + std::chrono::seconds(5));
  });
  CheckFault(WalkFixture().Walk(relay.Node()), "tls.reset");
}

TEST_CASE("silence after the ClientHello is tls.timeout", "[diagnosis][tls]") {
  const FaultyRelay relay([](net::Fd fd, int) { RelaySide(std::move(fd), nullptr).AtEnd(); });
  WalkFixture fixture;
  fixture.HurryUp();
  CheckFault(fixture.Walk(relay.Node()), "tls.timeout");
}

TEST_CASE("a cut that only TLS 1.3 suffers is tls.version_blocked", "[diagnosis][tls]") {
  const test::TestTls tls = Certificate();
  const FaultyRelay relay([&tls](net::Fd fd, int index) {
    if (index == 0) {
      net::WaitReadable(fd.get(), SystemClock().Now() + std::chrono::seconds(5));
      return;
    }
    RelaySide(std::move(fd), tls.context).ReadHead();
  });
  CheckFault(WalkFixture().Walk(relay.Node()), "tls.version_blocked");
}

TEST_CASE("a cut that only the name suffers is tls.sni_blocked", "[diagnosis][tls]") {
  const test::TestTls tls = Certificate("relay.test");
  const FaultyRelay relay([&tls](net::Fd fd, int index) {
    if (index == 0) {
      net::WaitReadable(fd.get(), SystemClock().Now() + std::chrono::seconds(5));
      return;
    }
    RelaySide(std::move(fd), tls.context).ReadHead();
  });
  derpmap::Node node = relay.Node();
  node.host_name = "relay.test";
  CheckFault(WalkFixture().Walk(node), "tls.sni_blocked");
}

TEST_CASE("a relay without a certificate for the name is tls.sni_refused", "[diagnosis][tls]") {
  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  net::TlsServerOptions options{
      .chain = {net::MakeSelfSigned(*IpAddress::Parse("127.0.0.1"), key, SystemClock().WallNow())},
      .key = key,
      .meta_certificate = std::nullopt,
      .accept_sni = [](std::string_view) { return false; },
      .versions = net::TlsVersions::kFrom12};
  const auto context = net::TlsServerContext::Make(std::move(options)).value();
  const FaultyRelay relay(
      [&context](net::Fd fd, int) { RelaySide(std::move(fd), context).ReadHead(); });
  derpmap::Node node = relay.Node();
  node.host_name = "relay.test";
  CheckFault(WalkFixture().Walk(node), "tls.sni_refused");
}

TEST_CASE("silence that only the name or only TLS 1.3 meets is told as a cut is",
          "[diagnosis][tls]") {
  const test::TestTls tls = Certificate("relay.test");
  const FaultyRelay relay([&tls](net::Fd fd, int index) {
    RelaySide side(std::move(fd), index == 0 ? nullptr : tls.context);
    if (index == 0) {
      side.AtEnd();
    } else {
      side.ReadHead();
    }
  });
  WalkFixture fixture;
  fixture.context.caps.tls = std::chrono::seconds(2);
  derpmap::Node node = relay.Node();
  node.host_name = "relay.test";
  CheckFault(fixture.Walk(node), "tls.sni_blocked");
  const FaultyRelay nameless([&tls](net::Fd fd, int index) {
    RelaySide side(std::move(fd), index == 0 ? nullptr : tls.context);
    if (index == 0) {
      side.AtEnd();
    } else {
      side.ReadHead();
    }
  });
  CheckFault(fixture.Walk(nameless.Node()), "tls.version_blocked");
}

TEST_CASE("alerts about the name and others have their codes", "[diagnosis][tls]") {
  struct Row {
    char alert;
    bool named;
    const char* code;
  };
  const auto row = GENERATE(values<Row>({{112, true, "tls.sni_refused"},
                                         {80, true, "tls.sni_refused"},
                                         {80, false, "tls.alert"},
                                         {40, true, "tls.alert"}}));
  CAPTURE(static_cast<int>(row.alert), row.named);
  const FaultyRelay relay([&row](net::Fd fd, int) {
    RelaySide side(std::move(fd), nullptr);
    side.SendText(std::string("\x15\x03\x03\x00\x02\x02", 6) + row.alert);
    side.AtEnd();
  });
  derpmap::Node node = relay.Node();
  if (row.named) node.host_name = "relay.test";
  const RunReport report = WalkFixture().Walk(node);
  CheckFault(report, row.code);
  CHECK(std::get<std::int64_t>(report.findings[0].data.at("alert")) == row.alert);
}

TEST_CASE("TLS 1.2 alone is an info and stops nobody", "[diagnosis][tls]") {
  const test::TestTls tls =
      test::MakeTestTls({"127.0.0.1"}, std::nullopt, net::TlsVersions::kOnly12);
  const FaultyRelay relay(tls, [](RelaySide& side, int) { side.AtEnd(); });
  WalkFixture fixture;
  fixture.asked.mesh = false;
  const RunReport report = fixture.Walk(relay.Node());
  CHECK(test::CodesOf(report).empty());
  REQUIRE_FALSE(report.findings.empty());
  CHECK(report.findings[0].code == "tls.version");
  CHECK(report.nodes[0].Worst(Stage::kTls) == Outcome::kOk);
  CHECK(report.nodes[0].Worst(Stage::kCert) == Outcome::kOk);
}

TEST_CASE("a wrong pin and a missing pin are told apart", "[diagnosis][cert]") {
  const FaultyRelay relay(Certificate(), [](RelaySide& side, int) { side.ReadHead(); });
  derpmap::Node node = relay.Node();
  node.cert_name = "sha256-raw:" + std::string(64, '0');
  CheckFault(WalkFixture().Walk(node), "cert.pin_mismatch");
  node.cert_name.clear();
  CheckFault(WalkFixture().Walk(node), "cert.self_signed");
}

TEST_CASE("an expired certificate ends the walk at cert", "[diagnosis][cert]") {
  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  const WallTime now = SystemClock().WallNow();
  const net::Certificate leaf = net::IssueCertificate({.common_name = "127.0.0.1",
                                                       .names = {"127.0.0.1"},
                                                       .not_before = now - std::chrono::hours(100),
                                                       .not_after = now - std::chrono::hours(50)},
                                                      key, nullptr, key);
  net::TlsServerOptions options{.chain = {leaf},
                                .key = key,
                                .meta_certificate = std::nullopt,
                                .accept_sni = {},
                                .versions = net::TlsVersions::kFrom12};
  const auto context = net::TlsServerContext::Make(std::move(options)).value();
  const FaultyRelay relay({context, "", leaf.Sha256Hex()},
                          [](RelaySide& side, int) { side.ReadHead(); });
  const RunReport report = WalkFixture().Walk(relay.Node());
  CheckFault(report, "cert.expired");
  CHECK(report.nodes[0].cert_days_left == -3);
}

TEST_CASE("a name that does not exist is dns.not_found and nothing is reached",
          "[diagnosis][dns]") {
  derpmap::Node node;
  node.name = "1a";
  node.host_name = "nowhere.test";
  const RunReport report = WalkFixture().Walk(node);
  CheckFault(report, "dns.not_found");
  CHECK(report.nodes[0].Worst(Stage::kStun) == Outcome::kNotReached);
}

TEST_CASE("a resolver that fails or keeps silent has its codes", "[diagnosis][dns]") {
  struct Row {
    net::DnsFailure failure;
    const char* code;
  };
  const auto row = GENERATE(values<Row>({{net::DnsFailure::kTimeout, "dns.timeout"},
                                         {net::DnsFailure::kServerFailure, "dns.server_failure"},
                                         {net::DnsFailure::kNoAddress, "dns.no_address"}}));
  class Failing final : public net::Resolver {
   public:
    explicit Failing(net::DnsFailure failure) : failure_(failure) {}
    Expected<std::vector<IpAddress>, net::DnsError> Resolve(std::string_view,
                                                            std::optional<AddressFamily>,
                                                            TimePoint) override {
      return Fail(net::DnsError{failure_, "lookup relay.test on 192.0.2.53:53: it fails"});
    }

   private:
    const net::DnsFailure failure_;
  };
  Failing resolver(row.failure);
  WalkFixture fixture;
  const WalkContext context = MakeWalkContext(fixture.clock, fixture.random, resolver);
  WalkTask task;
  task.region = "lab";
  task.region_id = 1;
  task.node.name = "1a";
  task.node.host_name = "relay.test";
  task.single_in_region = true;
  task.asked = fixture.asked;
  Measurer measurer(context);
  const RunReport report = Judge(measurer.Measure({task}));
  CheckFault(report, row.code);
  CHECK(report.findings[0].fact.find("192.0.2.53") != std::string::npos);
}

TEST_CASE("a map literal that DNS does not know is a warning", "[diagnosis][dns]") {
  const FaultyRelay relay(Certificate("relay.test"), [](RelaySide& side, int) { side.Close(); });
  derpmap::Node node = relay.Node();
  node.host_name = "relay.test";
  node.ipv4 = "127.0.0.2";  // refused: nobody listens there
  const RunReport report = WalkFixture().Walk(node);
  CHECK(test::CodesOf(report) == Texts{"tcp.refused", "dns.literal_differs"});
  CHECK(report.nodes[0].Worst(Stage::kDns) == Outcome::kWarn);
}

TEST_CASE("a node whose map entry is broken is not touched", "[diagnosis][map]") {
  std::atomic<int> connections = 0;
  const FaultyRelay relay([&connections](net::Fd, int) { ++connections; });
  WalkFixture fixture;
  WalkTask task;
  task.region = "lab";
  task.region_id = 1;
  task.node = relay.Node();
  task.map_error = "map.bad_pin";
  Measurer measurer(fixture.context);
  const RunReport report = Judge(measurer.Measure({task}));
  CHECK(report.nodes[0].verdict == Verdict::kUnusable);
  CHECK(report.nodes[0].Worst(Stage::kTcp) == Outcome::kNotReached);
  CHECK(connections == 0);
}
