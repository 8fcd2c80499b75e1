#include "common/diagnosis/pairs/payload.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::diagnosis;

namespace {

std::vector<Bytes> Packets(const Payload& payload) {
  std::vector<Bytes> packets(payload.count());
  for (std::size_t i = 0; i < packets.size(); ++i) payload.Fill(i, packets[i]);
  return packets;
}

}  // namespace

TEST_CASE("what fits into one packet is one packet of fresh content", "[pairs]") {
  SystemRandom random;
  PayloadSource source(random);
  const auto size = GENERATE(8, 8192, 65536);
  const auto first = Packets(source.Make(size));
  const auto second = Packets(source.Make(size));
  REQUIRE(first.size() == 1);
  CHECK(first[0].size() == static_cast<std::size_t>(size));
  CHECK(first != second);
}

TEST_CASE("larger payloads are cut, and their content stays for the life of the source",
          "[pairs]") {
  SystemRandom random;
  PayloadSource source(random);
  const auto [size, count] =
      GENERATE(table<std::int64_t, std::size_t>({{65537, 2}, {500'000, 8}, {1'000'000, 16}}));
  const auto first = Packets(source.Make(size));
  CHECK(first.size() == count);
  CHECK(first == Packets(source.Make(size)));
  std::size_t total = 0;
  for (const Bytes& packet : first) total += packet.size();
  CHECK(total == static_cast<std::size_t>(size));
  CHECK(Payload(std::make_shared<Bytes>(kMaxPacketSize), 100'000'000, kMaxPacketSize).count() ==
        1526);
}

TEST_CASE("a packet matches its own place only, whole and unchanged", "[pairs]") {
  SystemRandom random;
  const Payload payload = PayloadSource(random).Make(200'000);
  const auto packets = Packets(payload);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    for (std::size_t j = 0; j < packets.size(); ++j) {
      CHECK(payload.Matches(i, packets[j]) == (i == j));
    }
    Bytes changed = packets[i];
    changed.back() ^= 1;
    CHECK_FALSE(payload.Matches(i, changed));
    changed.pop_back();
    CHECK_FALSE(payload.Matches(i, changed));
  }
  CHECK_FALSE(payload.Matches(packets.size(), packets[0]));
  CHECK_FALSE(payload.Matches(0, {}));
}

TEST_CASE("a last packet of a few bytes is stamped as far as it goes", "[pairs]") {
  SystemRandom random;
  const Payload payload = PayloadSource(random).Make(65539);
  Bytes last;
  payload.Fill(1, last);
  CHECK(last == Bytes{0, 0, 0});
  CHECK(payload.Matches(1, last));
}
