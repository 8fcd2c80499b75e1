// A relay that ends: everybody is told, whatever he was just doing.
#include <thread>

#include <catch2/catch.hpp>

#include "common/derp/client_login.h"
#include "common/net/sockets.h"
#include "common/wire/upgrade.h"
#include "tests/integration/derper/relay_fixture.h"

using namespace derp;
using namespace derp::test;
using Way = RelayFixture::Way;

namespace {

bool IsTold(TestClient& client) {
  bool told = false;
  while (true) {
    const auto message = client.raw().Receive(Soon());
    if (!message) return told;
    if (std::holds_alternative<wire::Restarting>(*message)) told = true;
  }
}

// Frames until the end of the stream; whether Restarting was among them.
bool IsTold(net::ByteStream& stream) {
  Bytes all;
  Bytes buffer(65536);
  while (const auto count = stream.Read(buffer, Soon())) {
    AppendBytes(all, ByteView(buffer).first(*count));
  }
  ByteView input(all);
  while (true) {
    const auto frame = wire::TakeFrame(input, kMaxClientFrame);
    if (!frame || !*frame) return false;
    if ((*frame)->type == wire::FrameType::kRestarting) return (*frame)->payload.size() == 8;
  }
}

}  // namespace

TEST_CASE("who waits to be accepted when the relay ends is let in and told", "[relay]") {
  RelayFixture f;
  std::vector<std::unique_ptr<net::ByteStream>> late;
  f.InControl([&] {  // nobody accepts meanwhile
    for (int i = 0; i < 100; ++i) {
      auto fd = net::ConnectTcp(f.plain_address(), Soon());
      REQUIRE(fd);
      Bytes hello;
      AppendText(hello, wire::UpgradeRequestText(
                            {.path = "/derp", .host = "127.0.0.1", .fast_start = true}));
      const ClientIdentity identity{.key = NodePrivate::Generate(f.random())};
      const auto box = BoxKey::Make(identity.key, f.server_key());
      REQUIRE(box);
      AppendLogin(hello, identity, identity.key.Public(), *box, RandomNonce(f.random()));
      late.push_back(net::MakePlainStream(std::move(*fd)));
      REQUIRE(late.back()->Write(hello, Soon()));
    }
    f.relay().Stop();
  });
  int told = 0;
  for (const auto& stream : late) told += IsTold(*stream) ? 1 : 0;
  CHECK(told == 100);
}

TEST_CASE("a silent stranger does not hold up the end of the relay", "[relay]") {
  RelayFixture f;
  auto stream = f.Dial(Way::kTls);
  const TimePoint begin = SystemClock().Now();
  f.Stop(std::chrono::seconds(10));
  CHECK(SystemClock().Now() - begin < std::chrono::seconds(5));
}

TEST_CASE("clients with full lanes and half-written records are told as well", "[relay]") {
  RelayFixture f({.adjust = [](relay::RelayOptions& options) {
    options.write_timeout = std::chrono::hours(1);
  }});
  std::vector<TestClient> stuck;
  auto sender = f.Connect();
  const Bytes packet(60000, 1);
  for (int i = 0; i < 6; ++i) {
    stuck.push_back(f.Connect(i % 2 == 0 ? Way::kTls : Way::kPlain));
    for (int n = 0; n < 150; ++n) sender.Send(stuck.back().key(), packet);
  }
  CHECK(f.Metric("derp_packets_dropped", {"queue_head", "other"}) > 0);
  std::vector<std::thread> readers;
  std::atomic<int> told{0};
  std::thread stopping([&] { f.Stop(std::chrono::seconds(20)); });
  for (TestClient& client : stuck) {
    readers.emplace_back([&] { told += IsTold(client) ? 1 : 0; });
  }
  for (std::thread& reader : readers) reader.join();
  stopping.join();
  CHECK(told == 6);
}

TEST_CASE("departures in a relay that ends are told to nobody behind Restarting", "[relay]") {
  RelayFixture f;
  std::vector<TestClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(f.Connect());
  for (TestClient& from : clients) {
    for (TestClient& to : clients) from.Send(to.key(), Bytes{1});
  }
  for (TestClient& client : clients) client.RoundTrip();
  std::thread stopping([&] { f.Stop(); });
  for (TestClient& client : clients) {
    bool told = false;
    while (const auto message = client.raw().Receive(Soon())) {
      if (std::holds_alternative<wire::Restarting>(*message)) told = true;
      CHECK_FALSE(std::holds_alternative<wire::PeerGone>(*message));
    }
    CHECK(told);
  }
  stopping.join();
}
