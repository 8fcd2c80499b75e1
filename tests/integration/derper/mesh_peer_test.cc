// Mesh peers that do not behave: what they make up is bounded, and nobody waits for them.
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/integration/derp/relay_side.h"
#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

const MeshKey kMeshKey = *MeshKey::Parse(std::string(64, '5'));

NodePublic KeyNumber(std::uint32_t number) {
  std::array<std::uint8_t, kKeySize> bytes{0xaa};
  for (std::size_t i = 0; i < 4; ++i) bytes[i + 1] = static_cast<std::uint8_t>(number >> (8 * i));
  return NodePublic(bytes);
}

// A relay that has a link to a peer which the test plays.
struct PlayedPeer {
  RelayListener listener;
  RelayFixture relay{{.mesh_key = kMeshKey}};
  NodePrivate peer_key = NodePrivate::Generate(relay.random());
  std::string host = "127.0.0.1:" + std::to_string(listener.port());

  RelaySide Meet(std::size_t peer_limit = kMaxMeshPeers) {
    relay.MeshWith({.targets = {{.host = host,
                                 .dial_host = {},
                                 .url = *RelayUrl::Parse("http://" + host + "/derp")}},
                    .key = {},
                    .mesh_keys = {},
                    .peer_limit = peer_limit});
    RelaySide side = listener.Accept();
    side.LogIn(peer_key);
    CHECK(side.ReadFrame().type == wire::FrameType::kWatchConns);
    return side;
  }
};

}  // namespace

TEST_CASE("sources that a mesh client makes up are remembered in a bounded number",
          "[relay][mesh]") {
  constexpr std::uint32_t kForged = 6000;
  RelayFixture f({.mesh_key = kMeshKey});
  auto mesh = f.Connect(Way::kTls, NodePrivate::Generate(f.random()), true);
  {
    auto client = f.Connect();
    for (std::uint32_t number = 0; number < kForged;) {
      Bytes frames;
      for (int i = 0; i < 20; ++i) {
        wire::AppendForwardPacket(frames, KeyNumber(number++), client.key(), Bytes{1});
      }
      REQUIRE(mesh.raw().stream().Write(frames, Soon()));
      for (int i = 0; i < 20; ++i) (void)client.ReceivePacket();
    }
    CHECK(f.Metric("derper_peer_gone_interests") == 4096);
    CHECK(f.Metric("derp_clients_total") == 2);
    // A real sender is told of as ever.
    NodePublic key;
    {
      auto sender = f.Connect();
      key = sender.key();
      sender.Send(client.key(), Bytes{2});
      CHECK(client.ReceivePacket().source == key);
    }
    CHECK(client.ReceivePeerGone().peer == key);
  }
  f.WaitForMetric("derper_peer_gone_interests", 0);
}

TEST_CASE("a mesh peer announces no more clients than its share", "[relay][mesh]") {
  PlayedPeer f;
  RelaySide peer = f.Meet(10);
  Bytes frames;
  for (std::uint32_t i = 0; i < 50; ++i) {
    wire::AppendPeerPresent(frames, {.peer = KeyNumber(i)});
  }
  peer.Send(frames);
  f.relay.WaitForMetric("derper_mesh_refused_peers", 40, {f.host});
  CHECK(f.relay.Metric("derper_mesh_peers", {f.host}) == 10);
  CHECK(f.relay.Metric("derp_clients_remote") == 10);
  // One that goes makes room; one that is known may be announced again.
  frames.clear();
  wire::AppendPeerGone(frames, {.peer = KeyNumber(3)});
  wire::AppendPeerPresent(frames, {.peer = KeyNumber(4)});
  wire::AppendPeerPresent(frames, {.peer = KeyNumber(90)});
  wire::AppendPeerPresent(frames, {.peer = KeyNumber(91)});
  peer.Send(frames);
  f.relay.WaitForMetric("derper_mesh_refused_peers", 41, {f.host});
  auto sender = f.relay.Connect();
  sender.Send(KeyNumber(90), Bytes{7});
  const auto forwarded = peer.ReadFrame();
  REQUIRE(forwarded.type == wire::FrameType::kForwardPacket);
  CHECK(wire::DecodeForwardPacket(forwarded.payload)->destination == KeyNumber(90));
  peer.Close();
  f.relay.WaitForMetric("derp_clients_remote", 0);
}

TEST_CASE("a mesh peer that reads nothing holds up no client", "[relay][mesh]") {
  PlayedPeer f;
  RelaySide peer = f.Meet();
  Bytes frames;
  wire::AppendPeerPresent(frames, {.peer = KeyNumber(1)});
  peer.Send(frames);
  f.relay.WaitForMetric("derp_clients_remote", 1);
  auto sender = f.relay.Connect();
  auto friendly = f.relay.Connect();
  const Bytes packet(60'000, 1);
  while (f.relay.Metric("derper_mesh_dropped_packets", {f.host, "full"}) < 100) {
    for (int i = 0; i < 20; ++i) sender.Send(KeyNumber(1), packet);
    sender.Send(friendly.key(), Bytes{1});
    CHECK(friendly.ReceivePacket().bytes == Bytes{1});
  }
}

TEST_CASE("a watcher that is asked for all again and again answers once per reading",
          "[relay][mesh]") {
  RelayFixture f({.mesh_key = kMeshKey});
  std::vector<TestClient> others;
  for (int i = 0; i < 20; ++i) others.push_back(f.Connect(Way::kPlain));
  auto watcher = f.Connect(Way::kTls, NodePrivate::Generate(f.random()), true, true);
  CHECK(watcher.CountUntilPong<wire::PeerPresent>() == 21);
  Bytes one;
  wire::AppendWatchConns(one);
  REQUIRE(watcher.raw().stream().Write(one, Soon()));
  std::size_t presents = watcher.CountUntilPong<wire::PeerPresent>();
  presents += watcher.CountUntilPong<wire::PeerPresent>();
  CHECK(presents == 21);

  Bytes flood;
  constexpr int kTimes = 3000;  // comes in one or two turns
  for (int i = 0; i < kTimes; ++i) wire::AppendWatchConns(flood);
  REQUIRE(watcher.raw().stream().Write(flood, Soon()));
  presents = 0;
  for (int i = 0; i < 5; ++i) presents += watcher.CountUntilPong<wire::PeerPresent>();
  CHECK(presents >= 21);
  CHECK(presents <= 21 * 20);
  CHECK(f.Metric("derp_watchers") == 1);
}

TEST_CASE("a mesh client that reads nothing is closed after its own write time-out",
          "[relay][mesh]") {
  RelayFixture f({.mesh_key = kMeshKey, .adjust = [](relay::RelayOptions& options) {
                    options.write_timeout = std::chrono::hours(1);
                    options.mesh_write_timeout = std::chrono::milliseconds(200);
                  }});
  auto watcher = f.Connect(Way::kTls, NodePrivate::Generate(f.random()), true, true);
  auto sender = f.Connect();
  const Bytes packet(60'000, 1);
  for (int i = 0; i < 400; ++i) sender.Send(watcher.key(), packet);
  f.WaitForMetric("derp_sclient_write_timeouts", 1);
  f.WaitForMetric("derp_watchers", 0);
  sender.RoundTrip();
}

TEST_CASE("without the mesh key nobody watches, forwards or closes", "[relay][mesh]") {
  // A relay without a key, and one whose key the client does not have.
  RelayFixture f({.mesh_key = GENERATE(as<std::optional<MeshKey>>(), std::nullopt, kMeshKey)});
  auto victim = f.Connect();
  Bytes frame;
  SECTION("WatchConns") { wire::AppendWatchConns(frame); }
  SECTION("ForwardPacket") {
    wire::AppendForwardPacket(frame, KeyNumber(1), victim.key(), Bytes{1});
  }
  SECTION("ClosePeer") { wire::AppendClosePeer(frame, victim.key()); }
  auto stranger = f.Connect();
  REQUIRE(stranger.raw().stream().Write(frame, Soon()));
  CHECK(stranger.IsClosed());
  victim.RoundTrip();
  CHECK(f.Metric("derp_packets_forwarded_in") == 0);
}

TEST_CASE("a mesh peer with the key before the last change is one for some time yet",
          "[relay][mesh]") {
  RelayFixture f({.mesh_key = kMeshKey});
  auto before = f.Connect(Way::kTls, NodePrivate::Generate(f.random()), true, true);
  REQUIRE(f.mesh_keys().Replace(*MeshKey::Parse(std::string(64, '6'))));
  auto after = f.Connect(Way::kTls, NodePrivate::Generate(f.random()), true, true);
  CHECK(after.CountUntilPong<wire::PeerPresent>() == 2);
  // Both watchers are told of both; of the other one by another worker, so some time.
  const std::set<NodePublic> all = {before.key(), after.key()};
  CHECK(std::set<NodePublic>{before.ReceivePeerPresent().peer, before.ReceivePeerPresent().peer} ==
        all);
  CHECK(f.Metric("derp_watchers") == 2);
}

TEST_CASE("a link that is dialled again shows the mesh key in force", "[relay][mesh]") {
  PlayedPeer f;
  const MeshKey next = *MeshKey::Parse(std::string(64, '6'));
  {
    RelaySide first = f.Meet();
    REQUIRE(f.relay.mesh_keys().Replace(next));
    f.relay.WaitForMetric("derper_mesh_link_up", 1, {f.host});
  }
  RelaySide second = f.listener.Accept();
  const auto login = second.LogIn(f.peer_key);
  REQUIRE(login.info.mesh_key);
  CHECK(login.info.mesh_key->ConstantTimeEquals(next));
}

TEST_CASE("a relay that has dialled itself is not made a watcher", "[relay][mesh]") {
  RelayFixture f({.mesh_key = kMeshKey});
  auto other = f.Connect();
  auto self = f.Connect(Way::kTls, f.private_key(), true, true);
  CHECK(self.CountUntilPong<wire::PeerPresent>() == 0);
  CHECK(f.Metric("derp_watchers") == 0);
}
