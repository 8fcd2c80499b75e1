// Every hostile peer costs a timer, not memory or other people's latency.
#include <algorithm>
#include <cstdio>

#include <catch2/catch.hpp>

#include "common/net/sockets.h"
#include "tests/integration/derper/hostile/attacks.h"

using namespace derp;
using namespace derp::test;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kMemoryFactor = 8;  // red zones and shadow memory
constexpr double kLatencyBoundMs = 1000;
#else
constexpr std::int64_t kMemoryFactor = 1;
constexpr double kLatencyBoundMs = 250;
#endif
// A packet goes through up to four threads, each of which a busy machine may wake late.
constexpr double kWakesOnTheWay = 4;
constexpr std::size_t kLogBound = 40;

void Withstands(std::string_view name) {
  net::RaiseDescriptorLimit();
  const auto all = AllAttacks();
  const auto attack = std::find_if(all.begin(), all.end(),
                                   [name](const Attack& item) { return item.name == name; });
  REQUIRE(attack != all.end());
  const Figures figures = Measure({.command = {.program = DERP_DERPER}}, *attack);
  std::puts(Describe(*attack, figures).c_str());
  INFO(figures.log);
  CHECK(figures.broken_claims == std::vector<std::string>{});
  CHECK(figures.memory_growth_kib <= kMemoryFactor * attack->memory_kib);
  CHECK(figures.during.lost == 0);
  CHECK(figures.during.damaged == 0);
  CHECK(figures.during.delivered > 0);
  CHECK(figures.during.p99_ms < kLatencyBoundMs + kWakesOnTheWay * figures.during.wake_p99_ms);
  CHECK(figures.descriptors_left == 0);
  CHECK(figures.log_lines <= kLogBound);
  CHECK(figures.exit_status == 0);
  CHECK(figures.log.find("Sanitizer") == std::string::npos);
}

}  // namespace

TEST_CASE("a flood of pings costs the others nothing", "[hostile]") { Withstands("flood-ping"); }

TEST_CASE("a flood of pings whose answers nobody reads costs the others nothing", "[hostile]") {
  Withstands("flood-unread");
}

TEST_CASE("a mesh client that asks for all clients without end costs the others nothing",
          "[hostile]") {
  Withstands("flood-watch");
}

TEST_CASE("a flood of unknown frames costs the others nothing", "[hostile]") {
  Withstands("flood-unknown-frames");
}

TEST_CASE("a flood of packets to nobody costs the others nothing", "[hostile]") {
  Withstands("flood-unknown-destinations");
}

TEST_CASE("a flood of disco packets to nobody costs the others nothing", "[hostile]") {
  Withstands("flood-unknown-disco");
}

TEST_CASE("a flood of packets to one client costs the others nothing", "[hostile]") {
  Withstands("flood-victim");
}

TEST_CASE("a thousand connections that never begin TLS cost a timer", "[hostile]") {
  Withstands("silent-tcp");
}

TEST_CASE("a thousand connections that are silent after TLS cost little memory", "[hostile]") {
  Withstands("silent-tls");
}

TEST_CASE("a thousand connections that never log in cost little memory", "[hostile]") {
  Withstands("silent-login");
}

TEST_CASE("a byte at a time buys no time", "[hostile]") { Withstands("drip"); }

TEST_CASE("a hundred heads without end are refused at 16 KiB", "[hostile]") {
  Withstands("head-endless");
}

TEST_CASE("a hundred long heads cost what they hold", "[hostile]") { Withstands("head-long"); }

TEST_CASE("pages that nobody reads are not piled up", "[hostile]") { Withstands("pages-unread"); }

TEST_CASE("a mesh client that never reads its updates costs little memory and is closed",
          "[hostile]") {
  Withstands("mesh-deaf");
}

TEST_CASE("a WebSocket peer that breaks the rules is closed at once", "[hostile]") {
  Withstands(GENERATE("websocket-unmasked", "websocket-reserved", "websocket-text",
                      "websocket-continuation", "websocket-huge"));
}

TEST_CASE("forged sources take bounded memory", "[hostile]") { Withstands("mesh-forged-sources"); }

TEST_CASE("closing peers that do not exist costs nobody anything", "[hostile]") {
  Withstands("mesh-close-peer");
}

TEST_CASE("mesh frames of wrong sizes end their sender", "[hostile]") {
  Withstands("mesh-garbage");
}

TEST_CASE("mesh frames without the mesh key end their sender", "[hostile]") {
  Withstands("mesh-without-key");
}

TEST_CASE("two hundred connections with one key that all speak cost the others nothing",
          "[hostile]") {
  Withstands("duplicates-many");
}

TEST_CASE("two that fight over a key's packets share them", "[hostile]") {
  Withstands("duplicates-two");
}

TEST_CASE("a key that logs in again and again costs the others nothing", "[hostile]") {
  Withstands("duplicates-again");
}

TEST_CASE("half-closed sockets are closed", "[hostile]") { Withstands("half-closed"); }

TEST_CASE("a reader that stops is given up after the write time-out", "[hostile]") {
  Withstands("reader-stops");
}

TEST_CASE("what a crawling reader reads is fresh", "[hostile]") { Withstands("reader-crawls"); }

TEST_CASE("many readers that stop take bounded memory", "[hostile]") { Withstands("readers-stop"); }

TEST_CASE("a storm of connections costs the others nothing", "[hostile]") {
  Withstands(GENERATE("storm-connects", "storm-garbage"));
}

TEST_CASE("a storm of handshakes costs the others little", "[hostile]") {
  Withstands("storm-handshakes");
}

TEST_CASE("a storm of logins costs the others little", "[hostile]") { Withstands("storm-logins"); }

TEST_CASE("who is in stays when the descriptors run out, and later others get in", "[hostile]") {
  Withstands("descriptors");
}

TEST_CASE("noise instead of TLS is closed at once", "[hostile]") { Withstands("tls-noise"); }

TEST_CASE("nobody begins a TLS handshake anew", "[hostile]") { Withstands("tls-renegotiation"); }

TEST_CASE("TLS key updates without end cost the others nothing", "[hostile]") {
  Withstands("tls-key-updates");
}

TEST_CASE("a flood of empty frames costs the others nothing", "[hostile]") {
  Withstands("frames-empty");
}

TEST_CASE("frames of four gigabytes are refused or stream past", "[hostile]") {
  Withstands("frames-oversized");
}

TEST_CASE("unfinished packets cost what was sent of them", "[hostile]") {
  Withstands("frames-unfinished");
}

TEST_CASE("unfinished logins share a fixed amount of memory", "[hostile]") {
  Withstands("logins-large");
}

TEST_CASE("logins of impossible sizes are refused on their header", "[hostile]") {
  Withstands("logins-odd");
}
