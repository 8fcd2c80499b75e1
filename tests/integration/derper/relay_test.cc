// Clients of one relay: delivery, order, departures, duplicates, pings.
#include <thread>

#include <catch2/catch.hpp>

#include "common/base/mutex.h"
#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

Bytes Text(std::string_view text) {
  const ByteView bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

Bytes Disco() {
  Bytes packet{0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac};
  packet.resize(62);
  return packet;
}

}  // namespace

TEST_CASE("two clients exchange packets, whatever way they came", "[relay]") {
  RelayFixture f;
  const Way first = GENERATE(Way::kPlain, Way::kTls, Way::kFastStart);
  const Way second = GENERATE(Way::kPlain, Way::kTls, Way::kFastStart);
  auto a = f.Connect(first);
  auto b = f.Connect(second);
  a.Send(b.key(), Text("hello"));
  const auto there = b.ReceivePacket();
  CHECK(there.source == a.key());
  CHECK(there.bytes == Text("hello"));
  b.Send(a.key(), Text("back"));
  CHECK(a.ReceivePacket().bytes == Text("back"));
}

TEST_CASE("a client may send to itself, and empty and largest packets arrive", "[relay]") {
  RelayFixture f;
  auto a = f.Connect();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kMaxPacketSize}) {
    const Bytes packet(size, 0x5a);
    a.Send(a.key(), packet);
    CHECK(a.ReceivePacket().bytes == packet);
  }
}

TEST_CASE("ten thousand random frames arrive intact over four workers", "[relay]") {
  RelayFixture f({.workers = 4});
  constexpr std::size_t kPairs = 4;
  constexpr std::size_t kFrames = 2500;
  std::vector<std::thread> threads;
  std::atomic<std::size_t> intact{0};
  std::vector<TestClient> senders;
  std::vector<TestClient> receivers;
  for (std::size_t i = 0; i < kPairs; ++i) {
    senders.push_back(f.Connect());
    receivers.push_back(f.Connect());
  }
  for (std::size_t i = 0; i < kPairs; ++i) {
    threads.emplace_back([&, i] {
      std::uint64_t state = i + 1;
      const auto next = [&state] {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::uint32_t>(state >> 33);
      };
      // A window keeps what is under way below the lanes' depth.
      constexpr std::size_t kWindow = 16;
      for (std::size_t sent = 0; sent < kFrames;) {
        std::vector<Bytes> window;
        for (; window.size() < kWindow && sent < kFrames; ++sent) {
          Bytes& packet = window.emplace_back(next() % 2000);
          for (std::uint8_t& byte : packet) byte = static_cast<std::uint8_t>(next());
          if (!senders[i].raw().Send(receivers[i].key(), packet, Soon())) return;
        }
        for (const Bytes& expected : window) {
          while (true) {
            const auto message = receivers[i].raw().Receive(Soon());
            if (!message) return;
            const auto* packet = std::get_if<wire::RecvPacket>(&*message);
            if (packet == nullptr) continue;
            if (packet->source != senders[i].key()) return;
            if (!std::equal(expected.begin(), expected.end(), packet->packet.begin(),
                            packet->packet.end())) {
              return;
            }
            ++intact;
            break;
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(intact == kPairs * kFrames);
  f.WaitForMetric("derp_packets_sent", kPairs * kFrames);
}

TEST_CASE("a receiver that does not read stalls nobody else", "[relay]") {
  RelayFixture f;
  auto sender = f.Connect();
  auto stuck = f.Connect();
  auto healthy = f.Connect();
  const Bytes packet(60000, 1);
  for (int i = 0; i < 400; ++i) sender.Send(stuck.key(), packet);
  sender.Send(healthy.key(), Text("through"));
  CHECK(healthy.ReceivePacket().bytes == Text("through"));
  CHECK(f.Metric("derp_packets_dropped", {"queue_head", "other"}) > 0);
}

TEST_CASE("a receiver that takes nothing is closed after the write time-out", "[relay]") {
  RelayFixture f({.adjust = [](relay::RelayOptions& options) {
    options.write_timeout = std::chrono::milliseconds(200);
  }});
  auto sender = f.Connect();
  auto stuck = f.Connect();
  const Bytes packet(60000, 1);
  for (int i = 0; i < 400; ++i) sender.Send(stuck.key(), packet);
  f.WaitForMetric("derp_sclient_write_timeouts", 1);
  f.WaitForMetric("derp_current_connections", 1);
}

TEST_CASE("a departure is told once to those who got packets, and told again next time",
          "[relay]") {
  RelayFixture f;
  const NodePrivate key = NodePrivate::Generate(f.random());
  auto b = f.Connect();
  for (int round = 0; round < 2; ++round) {
    {
      auto a = f.Connect(Way::kTls, key);
      a.Send(b.key(), Text("x"));
      CHECK(b.ReceivePacket().source == a.key());
    }
    const auto gone = b.ReceivePeerGone();
    CHECK(gone.peer == key.Public());
    CHECK(gone.reason == wire::PeerGoneReason::kDisconnected);
  }
  CHECK(b.CountUntilPong<wire::PeerGone>() == 0);
  CHECK(f.Metric("derp_peer_gone_disconnected_frames") == 2);
}

TEST_CASE("an unknown destination is told for disco packets only, three at once", "[relay]") {
  RelayFixture f;
  auto a = f.Connect();
  const NodePublic nobody = NodePrivate::Generate(f.random()).Public();
  a.Send(nobody, Text("not disco"));
  CHECK(a.CountUntilPong<wire::PeerGone>() == 0);
  for (int i = 0; i < 6; ++i) a.Send(nobody, Disco());
  CHECK(a.CountUntilPong<wire::PeerGone>() == 3);
  CHECK(f.Metric("derp_packets_dropped", {"unknown_dest", "disco"}) == 6);
  CHECK(f.Metric("derp_packets_dropped", {"unknown_dest", "other"}) == 1);
}

TEST_CASE("of two connections with one key the one heard last gets the packets", "[relay]") {
  RelayFixture f;
  const NodePrivate key = NodePrivate::Generate(f.random());
  auto sender = f.Connect();
  auto first = f.Connect(Way::kTls, key);
  {
    auto second = f.Connect(Way::kPlain, key);
    sender.Send(key.Public(), Text("to the newest"));
    CHECK(second.ReceivePacket().bytes == Text("to the newest"));
    CHECK(f.Metric("derp_current_dup_client_keys") == 1);
    CHECK(f.Metric("derp_current_dup_client_conns") == 2);
    first.RoundTrip();
    sender.Send(key.Public(), Text("to the speaker"));
    CHECK(first.ReceivePacket().bytes == Text("to the speaker"));
    second.RoundTrip();
  }
  f.WaitForMetric("derp_current_dup_client_keys", 0);
  sender.Send(key.Public(), Text("to the last"));
  CHECK(first.ReceivePacket().bytes == Text("to the last"));
  CHECK(f.Metric("derp_total_dup_client_conns") == 1);
}

TEST_CASE("the home gauge follows what clients say", "[relay]") {
  RelayFixture f;
  auto a = f.Connect();
  const auto note = [&](bool preferred) {
    Bytes frame;
    wire::AppendNotePreferred(frame, preferred);
    REQUIRE(a.raw().stream().Write(frame, Soon()));
    a.RoundTrip();
  };
  note(true);
  note(true);
  CHECK(f.Metric("derp_current_home_connections") == 1);
  note(false);
  CHECK(f.Metric("derp_current_home_connections") == 0);
  note(true);
  {
    const TestClient ended = std::move(a);
  }
  f.WaitForMetric("derp_current_home_connections", 0);
  f.WaitForMetric("derp_current_connections", 0);
}

TEST_CASE("keep-alives come on a quiet connection", "[relay]") {
  RelayFixture f({.adjust = [](relay::RelayOptions& options) {
    options.keep_alive = std::chrono::milliseconds(20);
    options.keep_alive_jitter = Duration::zero();
  }});
  auto a = f.Connect();
  CHECK(a.CountUntilPong<wire::PeerGone>() == 0);
  while (true) {
    const auto message = a.raw().Receive(Soon());
    REQUIRE(message);
    if (std::holds_alternative<KeepAlive>(*message)) break;
  }
}

TEST_CASE("a stopping relay says when to come back", "[relay]") {
  RelayFixture f;
  auto a = f.Connect();
  auto b = f.Connect(Way::kPlain);
  std::thread stopping([&] { f.Stop(); });
  for (TestClient* client : {&a, &b}) {
    bool told = false;
    while (true) {
      const auto message = client->raw().Receive(Soon());
      if (!message) break;
      if (const auto* restarting = std::get_if<wire::Restarting>(&*message)) {
        told = true;
        CHECK(restarting->reconnect_in <= std::chrono::seconds(5));
        CHECK(restarting->try_for == std::chrono::seconds(10));
      }
    }
    CHECK(told);
  }
  stopping.join();
}

TEST_CASE("drops towards a key are logged when that is asked for, and frames too", "[relay]") {
  SystemRandom random;
  const NodePublic missed = NodePrivate::Generate(random).Public();
  Mutex mutex;
  std::string log;
  RelayFixture f({.adjust =
                      [&](relay::RelayOptions& options) {
                        options.debug_logs.drops_to = {missed};
                        options.debug_logs.frames = true;
                      },
                  .log =
                      [&](LogLevel, std::string_view line) {
                        const MutexLock lock(mutex);
                        log += std::string(line) + "\n";
                      }});
  auto a = f.Connect();
  for (int i = 0; i < 20; ++i) a.Send(missed, Text("x"));
  a.Send(NodePrivate::Generate(random).Public(), Text("nobody asked for this one"));
  a.RoundTrip();
  const MutexLock lock(mutex);
  const std::string line =
      "drop (unknown_dest) " + a.key().ShortString() + " -> " + missed.ShortString() + "\n";
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = log.find(line, at)) != std::string::npos; ++at) ++lines;
  CHECK(lines == 5);
  std::size_t drops = 0;
  for (std::size_t at = 0; (at = log.find("drop (", at)) != std::string::npos; ++at) ++drops;
  CHECK(drops == 5);
  CHECK(log.find(a.key().ShortString() + ": read frame type 4 len 33\n") != std::string::npos);
  CHECK(log.find(a.key().ShortString() + ": read frame type 18 len 8\n") != std::string::npos);
}
