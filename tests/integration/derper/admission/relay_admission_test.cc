// Admission with a real relay: what a client sees, and what others notice of it.
#include <array>
#include <future>

#include <catch2/catch.hpp>

#include "common/base/file.h"
#include "common/wire/login.h"
#include "common/wire/messages.h"
#include "derper/admission/gate.h"
#include "tests/integration/derper/admission/scripted_http.h"
#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using derp::test::HttpReply;
using derp::test::RelayFixture;
using derp::test::ScriptedHttp;
using derp::test::Soon;
using derp::test::TestClient;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Keeps every question until the test answers it.
class HeldPort final : public relay::AdmissionPort {
 public:
  void Ask(const relay::AdmissionQuestion& question, Answer answer) override {
    const MutexLock lock(mutex_);
    held_.push_back({.question = question, .answer = std::move(answer)});
    asked_.NotifyAll();
  }
  relay::AdmissionQuestion WaitFor(std::size_t index) {
    const MutexLock lock(mutex_);
    while (held_.size() <= index) REQUIRE(asked_.WaitUntil(mutex_, Soon()));
    return held_[index].question;
  }
  std::size_t asked() const {
    const MutexLock lock(mutex_);
    return held_.size();
  }
  void Decide(std::size_t index, bool admitted) {
    WaitFor(index);
    Answer answer;
    {
      const MutexLock lock(mutex_);
      answer = held_[index].answer;
    }
    answer(admitted);
  }

 private:
  struct Held {
    relay::AdmissionQuestion question;
    Answer answer;
  };
  mutable Mutex mutex_;
  CondVar asked_;
  std::vector<Held> held_;
};

test::FixtureOptions With(relay::AdmissionPort& port) {
  return {.mesh_key = MeshKey::Parse(std::string(64, '7')),
          .adjust = [&port](relay::RelayOptions& options) { options.admission = &port; }};
}

// A client that has sent its ClientInfo, and perhaps more, and waits for ServerInfo.
class Applicant {
 public:
  Applicant(RelayFixture& relay, RelayFixture::Way way, ByteView behind = {})
      : Applicant(relay, way, NodePrivate::Generate(relay.random()), behind) {}
  Applicant(RelayFixture& relay, RelayFixture::Way way, const NodePrivate& key, ByteView behind)
      : key_(key.Public()) {
    BlockingClientOptions options;
    options.identity.key = key;
    options.request.host = "127.0.0.1";
    client_ = std::make_unique<BlockingClient>(relay.Dial(way), options, relay.random(), clock_);
    REQUIRE(client_->Upgrade(Soon()));
    REQUIRE(client_->ReadGreeting(Soon()));
    const BoxKey box = BoxKey::Make(key, relay.server_key()).value();
    Write(wire::EncodeClientInfo({}, key_, box, {1, 2, 3}));
    if (!behind.empty()) Write(behind);
  }

  const NodePublic& key() const { return key_; }
  net::ByteStream& stream() { return client_->stream(); }
  void Write(ByteView bytes) { REQUIRE(stream().Write(bytes, Soon())); }

  // The type of the next frame.
  wire::FrameType NextFrame() {
    while (true) {
      const auto header = wire::PeekHeader(input_);
      const std::size_t size = header ? wire::kFrameHeaderSize + header->length : 0;
      if (header && input_.size() >= size) {
        input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(size));
        return header->type;
      }
      std::array<std::uint8_t, 4096> buffer{};
      const auto count = stream().Read(buffer, Soon());
      REQUIRE(count.has_value());
      AppendBytes(input_, ByteView(buffer).first(*count));
    }
  }
  // Nothing comes any more but the end.
  void CheckRefused() {
    std::array<std::uint8_t, 1> byte{};
    const auto count = stream().Read(byte, Soon());
    REQUIRE_FALSE(count.has_value());
    CHECK(count.error().code != ErrorCode::kTimeout);
  }

 private:
  SystemClock clock_;
  NodePublic key_;
  std::unique_ptr<BlockingClient> client_;
  Bytes input_;
};

constexpr RelayFixture::Way kWays[] = {RelayFixture::Way::kPlain, RelayFixture::Way::kTls};

// Connects a client that the port lets in.
TestClient ConnectAdmitted(RelayFixture& relay, HeldPort& port, RelayFixture::Way way) {
  const std::size_t next = port.asked();
  auto client = std::async(std::launch::async, [&] { return relay.Connect(way); });
  port.Decide(next, true);
  return client.get();
}

Bytes PacketsTo(const NodePublic& receiver, std::uint8_t count) {
  Bytes frames;
  for (std::uint8_t n = 0; n < count; ++n) {
    wire::AppendSendPacket(frames, receiver, Bytes(std::size_t{1000} + n, n));
  }
  return frames;
}

}  // namespace

TEST_CASE("a refused client is closed without a frame after its ClientInfo", "[admission]") {
  HeldPort port;
  RelayFixture relay(With(port));
  for (std::size_t i = 0; i < std::size(kWays); ++i) {
    Applicant applicant(relay, kWays[i]);
    const relay::AdmissionQuestion question = port.WaitFor(i);
    CHECK(question.key == applicant.key());
    CHECK(question.remote.ip == IpAddress::V4({127, 0, 0, 1}));
    port.Decide(i, false);
    applicant.CheckRefused();
  }
  relay.WaitForMetric("derp_current_connections", 0);
  CHECK(relay.Metric("derp_clients_total") == 0);
}

TEST_CASE("what a client sends while it is decided about is handled afterwards", "[admission]") {
  HeldPort port;
  RelayFixture relay(With(port));
  for (const RelayFixture::Way way : kWays) {
    TestClient receiver = ConnectAdmitted(relay, port, way);
    const std::size_t next = port.asked();
    Bytes frames = PacketsTo(receiver.key(), 20);
    wire::AppendPing(frames, {1, 2, 3});
    // In one go with the ClientInfo, and later, cut within a frame.
    Applicant sender(relay, way, ByteView(frames).first(7000));
    port.WaitFor(next);
    sender.Write(ByteView(frames).subspan(7000));
    CHECK(receiver.CountUntilPong<wire::RecvPacket>() == 0);
    port.Decide(next, true);
    for (std::uint8_t n = 0; n < 20; ++n) {
      const TestClient::Packet packet = receiver.ReceivePacket();
      CHECK(packet.source == sender.key());
      CHECK(packet.bytes == Bytes(std::size_t{1000} + n, n));
    }
    CHECK(sender.NextFrame() == wire::FrameType::kServerInfo);
    CHECK(sender.NextFrame() == wire::FrameType::kPong);
  }
}

TEST_CASE("a client that breaks the protocol ahead of its admission is closed behind it",
          "[admission]") {
  HeldPort port;
  RelayFixture relay(With(port));
  Bytes forbidden;
  wire::AppendFrame(forbidden, wire::FrameType::kWatchConns, {});
  Applicant applicant(relay, RelayFixture::Way::kPlain, forbidden);
  port.Decide(0, true);
  relay.WaitForMetric("derper_protocol_errors", 1, {"frame"});
  relay.WaitForMetric("derp_clients_total", 0);
}

TEST_CASE("a client that is not decided about yet cannot be reached", "[admission]") {
  HeldPort port;
  RelayFixture relay(With(port));
  TestClient sender = ConnectAdmitted(relay, port, RelayFixture::Way::kTls);
  Applicant applicant(relay, RelayFixture::Way::kTls);
  port.WaitFor(1);
  sender.Send(applicant.key(), Bytes{1});
  sender.RoundTrip();
  CHECK(relay.Metric("derp_packets_dropped", {"unknown_dest", "other"}) == 1);
  CHECK(relay.Metric("derp_clients_total") == 1);
  port.Decide(1, false);
  applicant.CheckRefused();
}

TEST_CASE("holders of the mesh key are not asked about", "[admission]") {
  HeldPort port;
  RelayFixture relay(With(port));
  TestClient mesh =
      relay.Connect(RelayFixture::Way::kTls, NodePrivate::Generate(relay.random()), true);
  mesh.RoundTrip();
  CHECK(port.asked() == 0);
}

TEST_CASE("a client that leaves while it is decided about leaves nothing behind", "[admission]") {
  HeldPort port;
  {
    RelayFixture relay(With(port));
    for (std::size_t i = 0; i < 2; ++i) {
      const Applicant gone(relay, kWays[i]);
      port.WaitFor(i);
    }
    port.Decide(0, true);
    port.Decide(1, false);
    TestClient other = ConnectAdmitted(relay, port, RelayFixture::Way::kTls);
    other.RoundTrip();
    relay.WaitForMetric("derp_clients_total", 1);
    const Applicant left_behind(relay, RelayFixture::Way::kTls);
    port.WaitFor(3);
  }
  port.Decide(3, true);  // the relay is gone
}

TEST_CASE("who is not decided about within six seconds is closed", "[admission]") {
  HeldPort port;
  RelayFixture relay(With(port));
  Applicant applicant(relay, RelayFixture::Way::kTls);
  port.WaitFor(0);
  const TimePoint start = SystemClock().Now();
  applicant.CheckRefused();
  const Duration took = SystemClock().Now() - start;
  CHECK(took > milliseconds(5500));
  CHECK(took < seconds(9));
  port.Decide(0, true);
}

TEST_CASE("what a client sends ahead of the decision waits in its socket", "[admission]") {
  HeldPort port;
  RelayFixture relay(With(port));
  Applicant applicant(relay, RelayFixture::Way::kPlain);
  port.WaitFor(0);
  const TimePoint enough = SystemClock().Now() + seconds(1);
  std::size_t sent = 0;
  const Bytes chunk(64'000, 1);
  while (applicant.stream().Write(chunk, enough)) sent += chunk.size();
  CHECK(sent < 32U << 20);  // the kernel's buffers
  port.Decide(0, false);
}

TEST_CASE("a controller that hangs delays its applicants only", "[admission]") {
  test::TemporaryDirectory folder;
  const SystemClock clock;
  const Logger quiet([](LogLevel, std::string_view) {});
  const ScriptedHttp hanging([](const std::string&) { return ScriptedHttp::Reply{"", true}; });
  SystemRandom random;
  const NodePrivate first = NodePrivate::Generate(random);
  const NodePrivate second = NodePrivate::Generate(random);
  const std::string allow = folder / "allow";
  REQUIRE(WriteFileAtomically(
      allow, first.Public().ToString() + "\n" + second.Public().UntypedHex() + "\n", 0600));
  auto gate = admission::Gate::Make(
      {.urls = {hanging.Url()}, .fail_open = false, .allow_file = allow}, clock, quiet);
  REQUIRE(gate.has_value());
  RelayFixture relay(With(**gate));
  metrics::Registry registry;
  registry.Add((*gate)->MetricsSource());
  const auto value = [&](const std::string& name) {
    for (const metrics::Family& family : registry.Gather()) {
      if (family.name == name) return family.samples.back().value;
    }
    return -1.0;
  };

  TestClient one = relay.Connect(RelayFixture::Way::kTls, first);
  TestClient two = relay.Connect(RelayFixture::Way::kTls, second);
  two.RoundTrip();
  constexpr int kApplicants = 100;
  std::vector<std::unique_ptr<Applicant>> applicants;
  for (int i = 0; i < kApplicants; ++i) {
    applicants.push_back(std::make_unique<Applicant>(relay, RelayFixture::Way::kPlain));
    const TimePoint before = clock.Now();
    one.Send(two.key(), Bytes(100));
    two.ReceivePacket();
    CHECK(clock.Now() - before < seconds(2));  // nobody waits for the controller
  }
  while (value("derper_admission_waiting") < kApplicants) std::this_thread::yield();
  (*gate)->Stop();
  for (const auto& applicant : applicants) applicant->CheckRefused();
  CHECK(value("derper_admission_clients") == kApplicants);  // refused
  one.Send(two.key(), Bytes(100));
  two.ReceivePacket();
}

TEST_CASE("all methods are asked at once, and decide together", "[admission]") {
  test::TemporaryDirectory folder;
  const SystemClock clock;
  const Logger quiet([](LogLevel, std::string_view) {});
  SystemRandom random;
  const NodePrivate known_to_both = NodePrivate::Generate(random);
  const NodePrivate known_to_one = NodePrivate::Generate(random);
  const ScriptedHttp tailscaled(folder / "sock", [](const std::string&) {
    return ScriptedHttp::Reply{HttpReply(200, "{}"), false};
  });
  const ScriptedHttp controller([&](const std::string& request) {
    const bool allow = request.find(known_to_both.Public().ToString()) != std::string::npos;
    return ScriptedHttp::Reply{HttpReply(200, allow ? R"({"Allow":true})" : "{}"), false};
  });
  for (const bool any : {false, true}) {
    CAPTURE(any);
    auto gate = admission::Gate::Make(
        {.sockets = {folder / "sock"}, .urls = {controller.Url()}, .any = any}, clock, quiet);
    REQUIRE(gate.has_value());
    RelayFixture relay(With(**gate));
    TestClient welcome = relay.Connect(RelayFixture::Way::kTls, known_to_both);
    welcome.RoundTrip();
    Applicant half(relay, RelayFixture::Way::kTls, known_to_one, {});
    if (any) {
      CHECK(half.NextFrame() == wire::FrameType::kServerInfo);
    } else {
      half.CheckRefused();
    }
    std::promise<std::vector<admission::SelfTestResult>> results;
    (*gate)->SelfTest([&](const auto& found) { results.set_value(found); });
    const auto found = results.get_future().get();
    REQUIRE(found.size() == 2);
    CHECK_FALSE(found[0].good);  // this tailscaled has no status
    CHECK(found[1].good);
  }
}
