// The relay's traffic figures equal what was sent.
#include <algorithm>
#include <future>

#include <catch2/catch.hpp>

#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using relay::ClientFigures;
using relay::DropReason;
using relay::FlowFigures;
using relay::TrafficSnapshot;
using Way = RelayFixture::Way;

namespace {

TrafficSnapshot Snapshot(RelayFixture& f) {
  std::promise<TrafficSnapshot> taken;
  f.InControl([&] {
    f.relay().traffic_port().Collect(
        [&](const TrafficSnapshot& snapshot) { taken.set_value(snapshot); });
  });
  return taken.get_future().get();
}

const ClientFigures& Client(const TrafficSnapshot& snapshot, const NodePublic& key) {
  const auto found = std::ranges::find(snapshot.clients, key, &ClientFigures::key);
  REQUIRE(found != snapshot.clients.end());
  return *found;
}

const FlowFigures* Flow(const TrafficSnapshot& snapshot, const NodePublic& source,
                        const NodePublic& destination) {
  const auto found = std::ranges::find_if(snapshot.flows, [&](const FlowFigures& flow) {
    return flow.source == source && flow.destination == destination;
  });
  return found == snapshot.flows.end() ? nullptr : &*found;
}

std::uint64_t Dropped(const std::array<std::uint64_t, relay::kDropReasons>& drops,
                      DropReason reason) {
  return drops[static_cast<std::size_t>(reason)];
}

void SendMany(TestClient& from, TestClient& to, int count, std::size_t size) {
  for (int i = 0; i < count; ++i) from.Send(to.key(), Bytes(size, 1));
  for (int i = 0; i < count; ++i) (void)to.ReceivePacket();
}

Bytes Disco() {
  Bytes packet{0x54, 0x53, 0xf0, 0x9f, 0x92, 0xac};
  packet.resize(62);
  return packet;
}

}  // namespace

TEST_CASE("clients and flows have the figures of what was sent, over any workers", "[traffic]") {
  RelayFixture f({.workers = GENERATE(1U, 4U)});
  auto a = f.Connect(Way::kTls);
  auto b = f.Connect(Way::kPlain);
  auto c = f.Connect(Way::kFastStart);
  SendMany(a, b, 10, 100);
  SendMany(c, b, 5, 50);
  SendMany(b, a, 3, 1000);
  a.RoundTrip();
  b.RoundTrip();
  const TrafficSnapshot snapshot = Snapshot(f);
  CHECK(snapshot.clients.size() == 3);

  const ClientFigures& at_a = Client(snapshot, a.key());
  CHECK(at_a.transport == "tls1.3");
  CHECK(at_a.counts.packets_in == 10);
  CHECK(at_a.counts.bytes_in == 1000);
  CHECK(at_a.counts.packets_out == 3);
  CHECK(at_a.counts.bytes_out == 3000);
  CHECK(at_a.distinct_senders == 1);
  CHECK(at_a.wire_in > 1000);
  CHECK(at_a.wire_out > 3000);
  CHECK(at_a.address.ip == IpAddress::V4({127, 0, 0, 1}));
  CHECK(at_a.queued_packets == 0);
  const ClientFigures& at_b = Client(snapshot, b.key());
  CHECK(at_b.transport == "plain");
  CHECK(at_b.counts.packets_out == 15);
  CHECK(at_b.counts.bytes_out == 1250);
  CHECK(at_b.distinct_senders >= 1);  // an estimate: now and then two keys share a place
  CHECK(at_b.distinct_senders <= 2);
  CHECK(Client(snapshot, c.key()).distinct_senders == 0);

  REQUIRE(snapshot.flows.size() == 3);
  const FlowFigures* flow = Flow(snapshot, a.key(), b.key());
  REQUIRE(flow != nullptr);
  CHECK(flow->counts.packets == 10);
  CHECK(flow->counts.bytes == 1000);
  CHECK_FALSE(flow->to_mesh);
  REQUIRE(Flow(snapshot, c.key(), b.key()) != nullptr);
  CHECK(Flow(snapshot, c.key(), b.key())->counts.bytes == 250);
  REQUIRE(Flow(snapshot, b.key(), a.key()) != nullptr);
  CHECK(Flow(snapshot, b.key(), a.key())->counts.packets == 3);
  CHECK(snapshot.untracked.counts.packets == 0);
}

TEST_CASE("a silent client's round trip is counted again and again", "[traffic]") {
  RelayFixture f({.adjust = [](relay::RelayOptions& options) {
    options.round_trip_interval = std::chrono::milliseconds(300);  // longer than it takes to settle
  }});
  auto client = f.Connect();
  client.RoundTrip();
  f.WaitForMetricSum("derp_tcp_rtt", 4);
  client.RoundTrip();
  f.WaitForMetricSum("derp_tcp_rtt", 6);
}

TEST_CASE("a client's home, its round trip and its departure show in the figures", "[traffic]") {
  RelayFixture f;
  auto a = f.Connect();
  Bytes frame;
  wire::AppendNotePreferred(frame, true);
  REQUIRE(a.raw().stream().Write(frame, Soon()));
  a.RoundTrip();
  f.WaitForMetricSum("derp_tcp_rtt", 1);
  {
    auto b = f.Connect();
    SendMany(a, b, 2, 10);
    CHECK(Snapshot(f).clients.size() == 2);
  }
  f.WaitForMetric("derp_current_connections", 1);
  const TrafficSnapshot snapshot = Snapshot(f);
  REQUIRE(snapshot.clients.size() == 1);
  CHECK(snapshot.clients[0].home);
  REQUIRE(snapshot.clients[0].round_trip);
  CHECK(*snapshot.clients[0].round_trip < std::chrono::seconds(1));
  REQUIRE(snapshot.flows.size() == 1);  // what was is still told
  CHECK(snapshot.flows[0].counts.packets == 2);
}

TEST_CASE("packets to nobody are the sender's drops and make no flow", "[traffic]") {
  RelayFixture f;
  auto a = f.Connect();
  for (int i = 0; i < 100; ++i) {
    a.Send(NodePrivate::Generate(f.random()).Public(), i % 2 == 0 ? Disco() : Bytes(10));
  }
  a.RoundTrip();
  const TrafficSnapshot snapshot = Snapshot(f);
  CHECK(Dropped(Client(snapshot, a.key()).counts.drops, DropReason::kUnknownDest) == 100);
  CHECK(snapshot.flows.empty());
  CHECK(Dropped(snapshot.untracked.counts.drops, DropReason::kUnknownDest) == 100);
}

TEST_CASE("a flow to a client that does not read adds up to what was sent", "[traffic]") {
  RelayFixture f({.workers = GENERATE(1U, 2U), .adjust = [](relay::RelayOptions& options) {
                    options.write_timeout = std::chrono::hours(1);
                    options.queue_depth = 8;
                  }});
  auto a = f.Connect(Way::kPlain);
  auto b = f.Connect(Way::kPlain);
  constexpr std::uint64_t kPackets = 400;
  for (std::uint64_t i = 0; i < kPackets; ++i) a.Send(b.key(), Bytes(60'000, 7));
  a.RoundTrip();
  const TimePoint deadline = Soon();
  std::uint64_t told = 0;
  TrafficSnapshot snapshot;
  while (told != kPackets) {
    REQUIRE(SystemClock().Now() < deadline);
    snapshot = Snapshot(f);
    const FlowFigures* flow = Flow(snapshot, a.key(), b.key());
    if (flow == nullptr) continue;
    told = flow->counts.packets + Client(snapshot, b.key()).queued_packets;
    for (const std::uint64_t count : flow->counts.drops) told += count;
  }
  const FlowFigures& flow = *Flow(snapshot, a.key(), b.key());
  const ClientFigures& reader = Client(snapshot, b.key());
  const std::uint64_t from_head = Dropped(flow.counts.drops, DropReason::kQueueHead);
  CHECK(from_head > 0);
  CHECK(Dropped(reader.counts.drops, DropReason::kQueueHead) == from_head);
  CHECK(reader.counts.packets_out == flow.counts.packets);
  CHECK(Dropped(Client(snapshot, a.key()).counts.drops, DropReason::kQueueTail) ==
        Dropped(flow.counts.drops, DropReason::kQueueTail));
}

TEST_CASE("forwarded flows are counted at both relays", "[traffic][mesh]") {
  const MeshKey mesh_key = *MeshKey::Parse(std::string(64, '5'));
  RelayFixture here({.mesh_key = mesh_key});
  RelayFixture there({.mesh_key = mesh_key});
  here.MeshWith({&there});
  there.MeshWith({&here});
  here.WaitForMetric("derp_watchers", 1);
  there.WaitForMetric("derp_watchers", 1);
  auto a = here.Connect();
  auto b = there.Connect();
  here.WaitForMetric("derp_clients_total", 4);
  SendMany(a, b, 7, 100);
  const TrafficSnapshot sent = Snapshot(here);
  const FlowFigures* out = Flow(sent, a.key(), b.key());
  REQUIRE(out != nullptr);
  CHECK(out->to_mesh);
  CHECK(out->counts.packets == 7);
  CHECK(out->counts.bytes == 700);
  there.WaitForMetric("derp_packets_sent", 7);
  const TrafficSnapshot came = Snapshot(there);
  const FlowFigures* in = Flow(came, a.key(), b.key());
  REQUIRE(in != nullptr);
  CHECK_FALSE(in->to_mesh);
  CHECK(in->counts.packets == 7);
  CHECK(Client(came, here.server_key()).mesh);
  CHECK(Client(came, here.server_key()).counts.packets_in == 7);
}

TEST_CASE("the rows are bounded and many flows still add up", "[traffic]") {
  RelayFixture f({.workers = 64});  // so that each worker has 64 rows
  auto to = f.Connect(Way::kPlain);
  std::vector<TestClient> from;
  for (int i = 0; i < 100; ++i) from.push_back(f.Connect(Way::kPlain));
  for (TestClient& client : from) SendMany(client, to, 3, 10);
  to.RoundTrip();
  const TrafficSnapshot snapshot = Snapshot(f);
  CHECK(snapshot.flows.size() <= 64);
  std::uint64_t packets = snapshot.untracked.counts.packets;
  for (const FlowFigures& flow : snapshot.flows) packets += flow.counts.packets;
  CHECK(packets == 300);
  const std::uint64_t senders = Client(snapshot, to.key()).distinct_senders;
  CHECK(senders >= 85);
  CHECK(senders <= 115);
}

TEST_CASE("several who ask at once are all answered", "[traffic]") {
  RelayFixture f;
  auto a = f.Connect();
  std::promise<void> all;
  int answers = 0;
  f.InControl([&] {
    for (int i = 0; i < 3; ++i) {
      f.relay().traffic_port().Collect([&](const TrafficSnapshot& snapshot) {
        if (snapshot.clients.size() == 1 && ++answers == 3) all.set_value();
      });
    }
  });
  CHECK(all.get_future().wait_for(kPatience) == std::future_status::ready);
}

TEST_CASE("queue times are counted per lane, each packet once", "[traffic]") {
  RelayFixture f;
  auto a = f.Connect();
  auto b = f.Connect();
  SendMany(a, b, 4, 10);
  a.Send(b.key(), Disco());
  (void)b.ReceivePacket();
  f.WaitForMetric("derp_packets_sent", 5);
  for (const metrics::Family& family : f.GatherMetrics()) {
    if (family.name != "derper_queue_time_seconds") continue;
    REQUIRE(family.samples.size() == 2);
    CHECK(family.samples[0].labels[0].second == "disco");
    CHECK(family.samples[0].histogram.count == 1);
    CHECK(family.samples[1].histogram.count == 4);
    return;
  }
  FAIL("no family of queue times");
}
