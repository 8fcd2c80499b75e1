// The side stages latency, ws and admission, -key-file and -idle-check: each fault is told by its
// own code, and the main chain never suffers.
#include <catch2/catch.hpp>

#include "common/diagnosis/stage_relay.h"
#include "common/http/response.h"
#include "common/http/websocket.h"
#include "common/http/websocket_handshake.h"
#include "common/wire/upgrade.h"
#include "tests/integration/diagnosis/faulty_relay.h"
#include "tests/integration/diagnosis/packet_relay.h"
#include "tests/integration/diagnosis/walk_fixture.h"

using namespace derp;
using namespace derp::diagnosis;
using test::FaultyRelay;
using test::PacketRelay;
using test::RelaySide;
using test::Unchanged;
using test::WalkFixture;

namespace {

using Texts = std::vector<std::string>;

constexpr std::string_view kEmpty200 = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

test::TestTls Certificate() { return test::MakeTestTls({"127.0.0.1"}, std::nullopt); }

std::string FieldOf(const std::string& head, std::string_view name) {
  ByteView input = AsBytes(head);
  return std::string(http::TakeRequestHead(input).value().value().headers.Get(name));
}

std::string Accept(const std::string& head, std::string_view protocol) {
  return http::WebSocketReplyText(FieldOf(head, "Sec-WebSocket-Key"), protocol);
}

// A good relay whose answers to the side stages are a test's.
struct SideRelay {
  std::string latency{kEmpty200};
  bool latency_closes = false;
  std::function<void(RelaySide&, const std::string& head)> ws;
  PacketRelay packets{Unchanged};
  std::atomic<int> connections = 0;

  void Play(RelaySide& side, int index) {
    ++connections;
    for (;;) {
      const std::string head = side.ReadHead();
      if (head.starts_with("GET /derp/latency-check ")) {
        side.SendText(latency);
        if (latency_closes) return side.Close();
      } else if (head.find("Upgrade: websocket\r\n") == std::string::npos) {
        return packets.PlayAfter(side, head, index);
      } else if (ws) {
        return ws(side, head);
      } else {
        AcceptWell(side, head);
        side.AtEnd();
        return;
      }
    }
  }

  void AcceptWell(RelaySide& side, const std::string& head) const {
    Bytes greeting;
    wire::AppendServerKey(greeting, packets.server());
    Bytes out;
    AppendText(out, Accept(head, "derp"));
    http::WebSocket::Server().Send(greeting, out);
    side.Send(out);
  }
};

RunReport WalkSide(SideRelay& relay, WalkFixture& fixture) {
  const FaultyRelay faulty(Certificate(),
                           [&relay](RelaySide& side, int index) { relay.Play(side, index); });
  fixture.asked.side = true;
  fixture.asked.ws = true;
  return fixture.Walk(faulty.Node());
}

RunReport WalkSide(SideRelay& relay) {
  WalkFixture fixture;
  return WalkSide(relay, fixture);
}

}  // namespace

TEST_CASE("a good relay passes the side stages on three connections", "[diagnosis][side]") {
  SideRelay relay;
  const RunReport report = WalkSide(relay);
  CHECK(test::CodesOf(report).empty());
  CHECK(report.nodes[0].Worst(Stage::kLatency) == Outcome::kOk);
  CHECK(report.nodes[0].Worst(Stage::kWs) == Outcome::kOk);
  CHECK(report.nodes[0].Find(Stage::kPort80, {})->reason == "map has no CanPort80");
  CHECK(report.nodes[0].Find(Stage::kAdmission, {}) == nullptr);
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
  CHECK(relay.connections == 3);  // login, latency and second login, WebSocket
}

TEST_CASE("side stages nobody asked for are skipped", "[diagnosis][side]") {
  SideRelay relay;
  const FaultyRelay faulty(Certificate(),
                           [&relay](RelaySide& side, int index) { relay.Play(side, index); });
  const RunReport report = WalkFixture().Walk(faulty.Node());
  for (const Stage stage : {Stage::kPort80, Stage::kLatency, Stage::kWs}) {
    CHECK(report.nodes[0].Find(stage, {})->reason == "not asked for");
  }
  CHECK(relay.connections == 2);
}

TEST_CASE("a latency check that is not 200 fails alone", "[diagnosis][side]") {
  SideRelay relay;
  relay.latency = "HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Length: 0\r\n\r\n";
  relay.latency_closes = GENERATE(true, false);
  const RunReport report = WalkSide(relay);
  REQUIRE(test::CodesOf(report) == Texts{"latency.failed"});
  CHECK(report.findings[0].fact == "status 404 Not Found, server nginx");
  CHECK(report.nodes[0].Worst(Stage::kRelay) == Outcome::kOk);
  CHECK(report.nodes[0].Worst(Stage::kWs) == Outcome::kOk);
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
  CHECK(report.exit_status == 0);
}

TEST_CASE("a latency check without an answer says how it ended", "[diagnosis][side]") {
  SideRelay relay;
  relay.latency = "";
  relay.latency_closes = GENERATE(true, false);
  WalkFixture fixture;
  if (!relay.latency_closes) fixture.context.caps.http = std::chrono::milliseconds(400);
  const RunReport report = WalkSide(relay, fixture);
  REQUIRE(test::CodesOf(report) == Texts{"latency.failed"});
  CHECK(report.findings[0].fact.starts_with("no answer"));
  CHECK(report.nodes[0].Worst(Stage::kRelay) == Outcome::kOk);
}

TEST_CASE("the relay's Date header tells how far the clocks are apart", "[diagnosis][side]") {
  SideRelay relay;
  const WallTime ahead = SystemClock().WallNow() + std::chrono::hours(1);
  relay.latency =
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: " + http::FormatHttpDate(ahead) + "\r\n\r\n";
  const RunReport report = WalkSide(relay);
  REQUIRE(report.nodes[0].clock_offset);
  CHECK(*report.nodes[0].clock_offset > std::chrono::minutes(59));
  CHECK(*report.nodes[0].clock_offset < std::chrono::minutes(61));
}

TEST_CASE("a refused certificate's relay is still asked for the time", "[diagnosis][side]") {
  // A time at which its certificate does not hold either: the walk ends there.
  const std::string date = http::FormatHttpDate(SystemClock().WallNow() - std::chrono::hours(48));
  const FaultyRelay faulty(Certificate(), [&date](RelaySide& side, int) {
    side.ReadHead();
    side.SendText("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: " + date + "\r\n\r\n");
    side.AtEnd();
  });
  class LateClock final : public Clock {
   public:
    TimePoint Now() const override { return clock_.Now(); }
    WallTime WallNow() const override { return clock_.WallNow() + std::chrono::hours(48); }

   private:
    SystemClock clock_;
  };
  const LateClock late;
  WalkFixture fixture;
  WalkContext context{.clock = late,
                      .random = fixture.random,
                      .resolver = fixture.resolver,
                      .roots = fixture.context.roots,
                      .tls = fixture.context.tls,
                      .tls12_only = fixture.context.tls12_only};
  Measurer measurer(context);
  WalkTask task;
  task.region = "lab";
  task.region_id = 1;
  task.node = faulty.Node();
  const auto measured = measurer.Measure({task});
  const NodeReport& node = measured.nodes.at(0);
  CHECK(node.Find(Stage::kCert, AddressFamily::kIpv4)->code == "cert.expired");
  REQUIRE(node.clock_offset);
  CHECK(*node.clock_offset < -std::chrono::hours(47));
  CHECK(node.Find(Stage::kLatency, {})->after == Stage::kCert);
  CHECK(node.Find(Stage::kWs, {})->after == Stage::kCert);
}

TEST_CASE("every way to miss the WebSocket has its code", "[diagnosis][side]") {
  using Play = std::function<void(RelaySide&, const std::string&)>;
  struct Row {
    const char* what;
    const char* code;
    Play play;
  };
  const Bytes text_frame{0x81, 0x02, 'h', 'i'};
  const auto row = GENERATE_COPY(values<Row>({
      {"426", "ws.refused",
       [](RelaySide& side, const std::string&) {
         side.SendText("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n");
       }},
      {"raw DERP", "ws.refused",
       [](RelaySide& side, const std::string&) {
         side.SendText("HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\n\r\n");
       }},
      {"closed", "ws.refused", [](RelaySide& side, const std::string&) { side.Close(); }},
      {"another request's answer", "ws.refused",
       [](RelaySide& side, const std::string&) {
         side.SendText(http::WebSocketReplyText("dGhlIHNhbXBsZSBub25jZQ==", "derp"));
       }},
      {"upgraded and closed", "ws.refused",
       [](RelaySide& side, const std::string& head) {
         side.SendText(Accept(head, "derp"));
         side.Close();
       }},
      {"no sub-protocol", "ws.bad_protocol",
       [](RelaySide& side, const std::string& head) { side.SendText(Accept(head, "")); }},
      {"another sub-protocol", "ws.bad_protocol",
       [](RelaySide& side, const std::string& head) { side.SendText(Accept(head, "chat")); }},
      {"text", "ws.bad_protocol",
       [text_frame](RelaySide& side, const std::string& head) {
         side.SendText(Accept(head, "derp"));
         side.Send(text_frame);
       }},
      {"another greeting", "ws.bad_protocol",
       [](RelaySide& side, const std::string& head) {
         Bytes out;
         AppendText(out, Accept(head, "derp"));
         http::WebSocket::Server().Send(Bytes{6, 0, 0, 0, 0}, out);
         side.Send(out);
       }},
  }));
  CAPTURE(row.what);
  SideRelay relay;
  relay.ws = row.play;
  const RunReport report = WalkSide(relay);
  CHECK(test::CodesOf(report) == Texts{row.code});
  CHECK(report.nodes[0].Worst(Stage::kWs) == Outcome::kWarn);
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
}

TEST_CASE("a WebSocket that leads to another relay is several keys", "[diagnosis][side]") {
  SideRelay relay;
  PacketRelay other(Unchanged);
  relay.ws = [&other](RelaySide& side, const std::string& head) {
    Bytes greeting;
    wire::AppendServerKey(greeting, other.server());
    Bytes out;
    AppendText(out, Accept(head, "derp"));
    http::WebSocket::Server().Send(greeting, out);
    side.Send(out);
  };
  CHECK(test::CodesOf(WalkSide(relay)) == Texts{"derp.several_keys"});
}

TEST_CASE("a chain that ends before derp leaves the side stages not reached", "[diagnosis][side]") {
  const FaultyRelay faulty(Certificate(), [](RelaySide& side, int) {
    side.ReadHead();
    side.SendText("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    side.Close();
  });
  WalkFixture fixture;
  fixture.asked.side = true;
  fixture.asked.ws = true;
  fixture.asked.admission = true;
  const RunReport report = fixture.Walk(faulty.Node());
  CHECK(test::CodesOf(report) == Texts{"http.upgrade_refused"});
  for (const Stage stage : {Stage::kLatency, Stage::kWs, Stage::kAdmission}) {
    CHECK(report.nodes[0].Find(stage, {})->after == Stage::kHttp);
  }
}

TEST_CASE("a relay that admits strangers is open", "[diagnosis][admission]") {
  SideRelay relay;
  WalkFixture fixture;
  fixture.asked.admission = true;
  const RunReport report = WalkSide(relay, fixture);
  CHECK(test::CodesOf(report) == Texts{"admission.open"});
  CHECK(report.nodes[0].Find(Stage::kAdmission, {})->outcome == Outcome::kWarn);
  CHECK(report.exit_status == 0);
}

namespace {

// Admits one key and passes its packets back to it.
struct ClosedRelay {
  SystemRandom random;
  NodePrivate known = NodePrivate::Generate(random);
  NodePrivate server = NodePrivate::Generate(random);
  bool restarts = false;             // says so before it cuts an idle connection
  std::optional<Duration> cut_idle;  // ends a connection that was used and is silent so long
  std::atomic<bool> admits_none = false;

  void Play(net::Fd fd, const test::TestTls& tls) {
    const int socket = fd.get();
    RelaySide side(std::move(fd), tls.context);
    Bytes greeting;
    AppendText(greeting, wire::UpgradeReplyText(server.Public()));
    wire::AppendServerKey(greeting, server.Public());
    side.ReadHead();
    side.Send(greeting);
    const auto info = wire::DecodeClientInfo(side.ReadFrame().payload, server).value();
    if (admits_none || info.key != known.Public()) return side.Close();
    side.Send(wire::EncodeServerInfo({}, server, info.key, {}).value());
    const SystemClock clock;
    for (int number = 0;; ++number) {
      const bool used = number > kCountedPackets;  // the first one, and the counted
      if (cut_idle && used && !net::WaitReadable(socket, clock.Now() + *cut_idle)) {
        Bytes restarting;
        if (restarts) wire::AppendRestarting(restarting, {.reconnect_in = {}, .try_for = {}});
        side.Send(restarting);
        return side.Close();
      }
      const auto frame = side.ReadFrame();
      const auto sent = wire::DecodeSendPacket(frame.payload);
      if (!sent) continue;
      Bytes bytes;
      wire::AppendRecvPacket(bytes, info.key, sent->packet);
      side.Send(bytes);
    }
  }
};

class ClosedSite {
 public:
  explicit ClosedSite(ClosedRelay& relay)
      : relay_([&relay, this](net::Fd fd, int) { relay.Play(std::move(fd), tls_); }) {}

  derpmap::Node Node() const {
    derpmap::Node node = relay_.Node();
    node.cert_name = "sha256-raw:" + tls_.sha256;
    return node;
  }

 private:
  const test::TestTls tls_ = Certificate();
  FaultyRelay relay_;
};

}  // namespace

TEST_CASE("a known key tests a closed relay by packets to itself", "[diagnosis][admission]") {
  ClosedRelay relay;
  const ClosedSite site(relay);
  WalkFixture fixture;
  fixture.asked.admission = true;
  fixture.context.node_key = relay.known;
  const RunReport report = fixture.Walk(site.Node());
  CHECK(test::CodesOf(report).empty());
  CHECK(report.nodes[0].Worst(Stage::kRelay) == Outcome::kOk);
  CHECK(report.nodes[0].Find(Stage::kAdmission, {})->outcome == Outcome::kOk);
  CHECK(report.nodes[0].Find(Stage::kMesh, {})->reason == "relay admits one key of ours only");
  CHECK(report.nodes[0].verdict == Verdict::kUsable);
  relay.admits_none = true;
  CHECK(test::CodesOf(fixture.Walk(site.Node())) == Texts{"derp.login_refused"});
}

TEST_CASE("strangers kept out are admission.closed once, and admission is fine",
          "[diagnosis][admission]") {
  ClosedRelay relay;
  const ClosedSite site(relay);
  WalkFixture fixture;
  fixture.asked.admission = true;
  const RunReport report = fixture.Walk(site.Node());
  CHECK(test::CodesOf(report) == Texts{"admission.closed"});
  CHECK(report.nodes[0].Find(Stage::kAdmission, {})->outcome == Outcome::kOk);
}

TEST_CASE("a relay that restarts cuts idle connections, and nothing in front of it is blamed",
          "[diagnosis][relay]") {
  ClosedRelay relay;
  relay.cut_idle = std::chrono::milliseconds(100);
  relay.restarts = true;
  const ClosedSite site(relay);
  WalkFixture fixture;
  fixture.asked.idle = std::chrono::seconds(20);
  fixture.context.node_key = relay.known;
  const RunReport report = fixture.Walk(site.Node());
  REQUIRE(test::CodesOf(report) == Texts{"relay.closed"});
  CHECK_THAT(report.findings[0].fact, Catch::StartsWith("it said that it restarts, then: "));
}

TEST_CASE("an idle connection that stands is fine, one that is cut is relay.idle_cut",
          "[diagnosis][relay]") {
  ClosedRelay relay;
  const bool cuts = GENERATE(true, false);
  if (cuts) relay.cut_idle = std::chrono::milliseconds(100);
  const ClosedSite site(relay);
  WalkFixture fixture;
  fixture.asked.idle = cuts ? Duration(std::chrono::seconds(20)) : std::chrono::milliseconds(300);
  fixture.context.node_key = relay.known;
  const RunReport report = fixture.Walk(site.Node());
  for (const Finding& finding : report.findings) UNSCOPED_INFO(finding.fact);
  CHECK(test::CodesOf(report) == (cuts ? Texts{"relay.idle_cut"} : Texts{}));
  CHECK(report.nodes[0].Worst(Stage::kRelay) == (cuts ? Outcome::kFail : Outcome::kOk));
  CHECK(report.nodes[0].verdict == (cuts ? Verdict::kImpaired : Verdict::kUsable));
}
