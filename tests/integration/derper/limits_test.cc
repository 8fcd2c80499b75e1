// Receive limits over a real relay: who is paused, who is not, and what changes under way.
#include "derper/limits/limits.h"

#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

const Bytes kLargest(kMaxPacketSize, 7);

// A relay with a rate file that can be changed.
struct Limited {
  explicit Limited(std::string_view text, FixtureOptions options = {}) {
    Write(text);
    auto loaded = relay::Limits::Load({.file = file, .state_dir = ""}, clock, logger);
    if (!loaded) FAIL(loaded.error().context);
    limits = std::move(*loaded);
    options.adjust = [this](relay::RelayOptions& relay) { relay.limits = limits.get(); };
    fixture = std::make_unique<RelayFixture>(options);
  }
  void Write(std::string_view text) { std::ofstream(file) << text; }
  void Reload(std::string_view text) {
    Write(text);
    fixture->InControl([&] { CHECK(limits->Reload()); });
  }
  RelayFixture* operator->() { return fixture.get(); }
  double Metric(std::string_view name, std::size_t row = 0) {
    std::vector<metrics::Family> families;
    limits->MetricsSource()(families);
    for (const metrics::Family& family : families) {
      if (family.name == name) return family.samples[row].value;
    }
    return -1;
  }
  void WaitForMetric(std::string_view name, double value, std::size_t row = 0) {
    const TimePoint deadline = Soon();
    while (Metric(name, row) != value) {
      if (clock.Now() > deadline) FAIL(name << " is " << Metric(name, row) << ", not " << value);
      std::this_thread::yield();
    }
  }
  void WaitForPaused(double count) { WaitForMetric("derper_limit_paused_clients", count, 1); }

  SystemClock clock;
  Logger logger{[](LogLevel, std::string_view) {}};
  TemporaryDirectory folder;
  std::string file = folder / "rates.json";
  std::unique_ptr<relay::Limits> limits;
  std::unique_ptr<RelayFixture> fixture;
};

Bytes Text(std::string_view text) {
  const ByteView bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

constexpr std::string_view kSlow = R"({"PerClientRateLimitBytesPerSec": 100})";

}  // namespace

TEST_CASE("a paused source delays nobody, hears from others, and goes on after a reload",
          "[relay][limits]") {
  Limited f(kSlow);
  const Way way = GENERATE(Way::kPlain, Way::kTls);
  auto source = f->Connect(way);
  auto sink = f->Connect();
  auto other = f->Connect();
  source.Send(sink.key(), kLargest);  // all that the bucket holds
  CHECK(sink.ReceivePacket().bytes == kLargest);
  // Many frames that wait, more than one read's worth.
  for (int i = 0; i < 30; ++i) source.Send(sink.key(), Bytes(5000, static_cast<std::uint8_t>(i)));
  f.WaitForPaused(1);
  other.Send(sink.key(), Text("other"));
  CHECK(sink.ReceivePacket().bytes == Text("other"));
  other.Send(source.key(), Text("to the paused one"));
  CHECK(source.ReceivePacket().bytes == Text("to the paused one"));
  f.WaitForPaused(1);
  CHECK(f.Metric("derp_rate_limit_per_client_waited") == 1);
  f.Reload(R"({"PerClientRateLimitBytesPerSec": 100, "PerClientRateBurstBytes": 200000})");
  for (int i = 0; i < 30; ++i) {
    CHECK(sink.ReceivePacket().bytes == Bytes(5000, static_cast<std::uint8_t>(i)));
  }
  source.RoundTrip();
  f.WaitForPaused(0);
  f.Reload("{}");
  for (int i = 0; i < 20; ++i) source.Send(sink.key(), kLargest);
  source.RoundTrip();
}

TEST_CASE("a source goes as fast as its limit, and loses nothing", "[relay][limits]") {
  Limited f(R"({"PerClientRateLimitBytesPerSec": 1000000})");
  const Way way = GENERATE(Way::kPlain, Way::kTls);
  auto source = f->Connect(way);
  auto sink = f->Connect();
  source.Send(sink.key(), kLargest);  // all that the bucket holds
  CHECK(sink.ReceivePacket().bytes == kLargest);
  constexpr int kPackets = 50;
  const TimePoint begin = f.clock.Now();
  for (int i = 0; i < kPackets; ++i) {
    source.Send(sink.key(), Bytes(4968, static_cast<std::uint8_t>(i)));
  }
  int intact = 0;
  for (int i = 0; i < kPackets; ++i) {
    intact += sink.ReceivePacket().bytes == Bytes(4968, static_cast<std::uint8_t>(i)) ? 1 : 0;
  }
  CHECK(intact == kPackets);
  // 250 ms, less what came in since the bucket was empty.
  CHECK(f.clock.Now() - begin >= std::chrono::milliseconds(100));
  CHECK(f.Metric("derp_rate_limit_per_client_waited") > 1);
}

TEST_CASE("what a source sent before it hung up still arrives", "[relay][limits]") {
  Limited f(R"({"PerClientRateLimitBytesPerSec": 1000000})");
  const Way way = GENERATE(Way::kPlain, Way::kTls);
  auto sink = f->Connect();
  {
    auto source = f->Connect(way);
    source.Send(sink.key(), kLargest);
    for (int i = 0; i < 6; ++i) source.Send(sink.key(), Bytes(30000, 1));
  }
  CHECK(sink.ReceivePacket().bytes == kLargest);
  for (int i = 0; i < 6; ++i) CHECK(sink.ReceivePacket().bytes.size() == 30000);
  f->WaitForMetric("derp_current_connections", 1);
}

TEST_CASE("mesh peers are not limited", "[relay][limits]") {
  const MeshKey mesh_key = *MeshKey::Parse(std::string(64, 'a'));
  Limited f(R"({"PerClientRateLimitBytesPerSec": 100, "GlobalRateLimitBytesPerSec": 100,
               "DailyQuotaBytes": 10})",
            {.mesh_key = mesh_key});
  auto peer = f->Connect(Way::kTls, NodePrivate::Generate(f->random()), /*mesh=*/true);
  auto sink = f->Connect();
  for (int i = 0; i < 5; ++i) {
    peer.Send(sink.key(), kLargest);
    CHECK(sink.ReceivePacket().bytes == kLargest);
  }
  CHECK(f.Metric("derp_rate_limit_per_client_waited") == 0);
}

TEST_CASE("connections of one key share its quota, and what is above is dropped",
          "[relay][limits]") {
  Limited f(R"({"DailyQuotaBytes": 1000})");
  const NodePrivate key = NodePrivate::Generate(f->random());
  auto first = f->Connect(Way::kTls, key);
  auto second = f->Connect(Way::kPlain, key);
  auto sink = f->Connect();
  first.Send(sink.key(), Bytes(600, 1));
  CHECK(sink.ReceivePacket().bytes.size() == 600);
  second.Send(sink.key(), Bytes(600, 2));
  second.RoundTrip();  // pings are answered all the same
  second.Send(sink.key(), Bytes(400, 3));
  CHECK(sink.ReceivePacket().bytes == Bytes(400, 3));
  first.Send(sink.key(), Bytes(1, 4));
  first.RoundTrip();
  sink.Send(key.Public(), Text("hello"));
  CHECK(first.ReceivePacket().bytes == Text("hello"));
  CHECK(f.Metric("derper_quota_dropped_packets", 1) == 2);
  CHECK(f.Metric("derper_quota_dropped_bytes", 1) == 601);
  CHECK(f.limits->Usage(key.Public())->used == 1000);
  CHECK(f->Metric("derp_packets_received") == 5);
  f->WaitForMetric("derp_packets_sent", 3);  // counted a moment after the receiver has it
}

TEST_CASE("three sources share the limit of the process over all workers", "[relay][limits]") {
  Limited f(R"({"GlobalRateLimitBytesPerSec": 1500000})", {.workers = 3});
  constexpr std::size_t kSources = 3;
  std::vector<TestClient> sources;
  std::vector<TestClient> sinks;
  for (std::size_t i = 0; i < kSources; ++i) {
    sources.push_back(f->Connect());
    sinks.push_back(f->Connect());
  }
  // Each sends as much as the sockets take, until all have got what makes about a second.
  std::atomic<std::uint64_t> all = 0;
  std::array<std::atomic<std::uint64_t>, kSources> got{};
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kSources; ++i) {
    const std::size_t size = std::array<std::size_t, kSources>{200, 1400, 60000}[i];
    threads.emplace_back([&, i, size] {
      const Bytes packet(size, 1);
      while (!over && sources[i].raw().Send(sinks[i].key(), packet, Soon())) {
      }
    });
    threads.emplace_back([&, i] {
      while (!over) {
        const auto message = sinks[i].raw().Receive(Soon());
        if (!message) return;
        const auto* packet = std::get_if<wire::RecvPacket>(&*message);
        if (packet == nullptr) continue;
        got[i] += packet->packet.size() + kKeySize;
        all += packet->packet.size() + kKeySize;
      }
    });
  }
  while (all < 750'000) std::this_thread::yield();
  std::array<std::uint64_t, kSources> before{};
  for (std::size_t i = 0; i < kSources; ++i) before[i] = got[i];
  const TimePoint begin = f.clock.Now();
  while (all < 3'000'000) std::this_thread::yield();
  const double seconds = std::chrono::duration<double>(f.clock.Now() - begin).count();
  std::array<std::uint64_t, kSources> share{};
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < kSources; ++i) total += share[i] = got[i] - before[i];
  over = true;
  f.Reload("{}");  // whoever waits goes on, so that the threads end
  for (std::thread& thread : threads) thread.join();
  CAPTURE(share[0], share[1], share[2], seconds);
  CHECK(static_cast<double>(total) <= 1.2 * 1'500'000 * seconds + 400'000);
  for (const std::uint64_t bytes : share) {
    // Nobody goes short. No figure of a bench: a machine that is busy favours large packets.
    CHECK(bytes > total / 10);
  }
}
