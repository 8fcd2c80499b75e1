// Relays of one region: watching, forwarding, departures.
#include <set>

#include <catch2/catch.hpp>

#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

const MeshKey kMeshKey = *MeshKey::Parse(std::string(64, '5'));

Bytes Text(std::string_view text) {
  const ByteView bytes = AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

// Two relays that know each other's clients.
struct Mesh {
  RelayFixture a{{.mesh_key = kMeshKey}};
  RelayFixture b{{.mesh_key = kMeshKey}};

  Mesh() {
    a.MeshWith({&b});
    b.MeshWith({&a});
    // Each sees the other's link as a client, and so as a remote key.
    a.WaitForMetric("derp_watchers", 1);
    b.WaitForMetric("derp_watchers", 1);
    a.WaitForMetric("derp_clients_total", 2);
    b.WaitForMetric("derp_clients_total", 2);
  }
};

}  // namespace

TEST_CASE("a watcher sees itself, those who are there, who comes and who goes", "[relay][mesh]") {
  RelayFixture f({.mesh_key = kMeshKey});
  auto early = f.Connect();
  auto watcher = f.Connect(Way::kTls, NodePrivate::Generate(f.random()), true, true);
  std::set<NodePublic> seen;
  for (int i = 0; i < 2; ++i) {
    const auto present = watcher.ReceivePeerPresent();
    seen.insert(present.peer);
    REQUIRE(present.address);
    CHECK(present.address->ip == IpAddress::V4({127, 0, 0, 1}));
    using Flags = wire::PeerPresentFlags;
    CHECK(present.flags == (present.peer == early.key() ? Flags::kRegular : Flags::kMeshPeer));
  }
  CHECK(seen == std::set{early.key(), watcher.key()});
  NodePublic late_key;
  {
    auto late = f.Connect(Way::kPlain);
    late_key = late.key();
    CHECK(watcher.ReceivePeerPresent().peer == late_key);
  }
  const auto gone = watcher.ReceivePeerGone();
  CHECK(gone.peer == late_key);
  CHECK(gone.reason == wire::PeerGoneReason::kDisconnected);
}

TEST_CASE("a mesh client closes a peer's connections", "[relay][mesh]") {
  RelayFixture f({.mesh_key = kMeshKey});
  const NodePrivate key = NodePrivate::Generate(f.random());
  auto first = f.Connect(Way::kTls, key);
  auto second = f.Connect(Way::kPlain, key);
  auto bystander = f.Connect();
  auto mesh = f.Connect(Way::kTls, NodePrivate::Generate(f.random()), true);
  Bytes frame;
  wire::AppendClosePeer(frame, key.Public());
  REQUIRE(mesh.raw().stream().Write(frame, Soon()));
  CHECK(first.IsClosed());
  CHECK(second.IsClosed());
  bystander.RoundTrip();
}

TEST_CASE("a forwarded packet goes one hop and no further", "[relay][mesh]") {
  RelayFixture f({.mesh_key = kMeshKey});
  auto client = f.Connect();
  auto mesh = f.Connect(Way::kTls, NodePrivate::Generate(f.random()), true);
  const NodePublic source = NodePrivate::Generate(f.random()).Public();
  Bytes frame;
  wire::AppendForwardPacket(frame, source, client.key(), Text("from afar"));
  wire::AppendForwardPacket(frame, source, source, Text("nobody here"));
  wire::AppendForwardPacket(frame, NodePublic(), client.key(), Text("from nobody"));
  REQUIRE(mesh.raw().stream().Write(frame, Soon()));
  const auto packet = client.ReceivePacket();
  CHECK(packet.source == source);
  CHECK(packet.bytes == Text("from afar"));
  mesh.RoundTrip();
  CHECK(f.Metric("derp_packets_forwarded_in") == 3);
  CHECK(f.Metric("derp_packets_dropped", {"unknown_dest_on_fwd", "other"}) == 2);
}

TEST_CASE("a packet sent through one relay reaches a client of the other", "[relay][mesh]") {
  Mesh mesh;
  auto at_a = mesh.a.Connect();
  auto at_b = mesh.b.Connect(Way::kPlain);
  mesh.a.WaitForMetric("derp_clients_total", 4);
  mesh.b.WaitForMetric("derp_clients_total", 4);
  at_a.Send(at_b.key(), Text("over the mesh"));
  const auto packet = at_b.ReceivePacket();
  CHECK(packet.source == at_a.key());
  CHECK(packet.bytes == Text("over the mesh"));
  at_b.Send(at_a.key(), Text("and back"));
  CHECK(at_a.ReceivePacket().bytes == Text("and back"));
  CHECK(mesh.a.Metric("derp_packets_forwarded_out") == 1);
  CHECK(mesh.a.Metric("derp_packets_forwarded_in") == 1);
  CHECK(mesh.a.Metric("derp_clients_remote") == 2);
}

TEST_CASE("a departure at one relay is told to the receiver at the other", "[relay][mesh]") {
  Mesh mesh;
  auto at_b = mesh.b.Connect();
  NodePublic key;
  {
    auto at_a = mesh.a.Connect();
    key = at_a.key();
    mesh.a.WaitForMetric("derp_clients_total", 4);
    mesh.b.WaitForMetric("derp_clients_total", 4);
    at_a.Send(at_b.key(), Text("x"));
    CHECK(at_b.ReceivePacket().source == key);
  }
  CHECK(at_b.ReceivePeerGone().peer == key);
}

TEST_CASE("when a relay ends the other forgets its clients", "[relay][mesh]") {
  Mesh mesh;
  auto at_a = mesh.a.Connect();
  mesh.b.WaitForMetric("derp_clients_total", 3);
  mesh.a.Stop();
  mesh.b.WaitForMetric("derp_clients_total", 0);
}

TEST_CASE("a relay that is told to mesh with itself does not", "[relay][mesh]") {
  RelayFixture f({.mesh_key = kMeshKey});
  f.MeshWith({&f});
  f.WaitForMetric("tls_listener_accepted_connections", 1);
  f.WaitForMetric("derp_current_connections", 0);
  auto a = f.Connect();
  a.RoundTrip();
  CHECK(f.Metric("derp_clients_total") == 1);
  CHECK(f.Metric("derp_watchers") == 0);
}
