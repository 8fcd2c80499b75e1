#include "common/diagnosis/packet_ledger.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/fixed_random.h"

using namespace derp;
using namespace derp::diagnosis;

TEST_CASE("a packet is ours once, then a duplicate", "[diagnosis][packets]") {
  test::FixedRandom random;
  PacketLedger ledger(random);
  const TimePoint at{std::chrono::seconds(7)};
  const Bytes packet = ledger.Make(3, true, at);
  const auto first = ledger.Receive(packet);
  REQUIRE(first.arrival == PacketLedger::Arrival::kOurs);
  CHECK(first.sent->direction == 3);
  CHECK(first.sent->at == at);
  CHECK(ledger.Receive(packet).arrival == PacketLedger::Arrival::kDuplicate);
}

TEST_CASE("a changed, cut or unknown packet is corrupt", "[diagnosis][packets]") {
  test::FixedRandom random;
  PacketLedger ledger(random);
  const Bytes packet = ledger.Make(0, false, TimePoint{});
  const auto at = GENERATE(range<std::size_t>(0, 64));
  Bytes changed = packet;
  changed[at] ^= 1;
  CHECK(ledger.Receive(changed).arrival == PacketLedger::Arrival::kCorrupt);
  CHECK(ledger.Receive(ByteView(packet).first(at)).arrival == PacketLedger::Arrival::kCorrupt);
}

TEST_CASE("no two packets are the same, and each tells its own changes", "[diagnosis][packets]") {
  test::FixedRandom random;
  PacketLedger ledger(random);
  std::vector<Bytes> packets;
  for (int i = 0; i < 40; ++i) packets.push_back(ledger.Make(0, true, TimePoint{}));
  std::set<std::string> different;
  for (const Bytes& packet : packets) different.emplace(AsText(packet));
  CHECK(different.size() == packets.size());
  for (const Bytes& packet : packets) {
    REQUIRE(packet.size() == 64);
    CHECK(ledger.Receive(packet).arrival == PacketLedger::Arrival::kOurs);
  }
}
