#include "common/diagnosis/pairs/tun_device.h"

#include <catch2/catch.hpp>

using namespace derp;
using namespace derp::diagnosis;

namespace {

IpAddress Ip(const char* text) { return *IpAddress::Parse(text); }

Bytes Packet(const IpAddress& source, const IpAddress& destination) {
  Bytes packet(20);
  packet[0] = 0x45;
  std::copy(source.bytes().begin(), source.bytes().end(), packet.begin() + 12);
  std::copy(destination.bytes().begin(), destination.bytes().end(), packet.begin() + 16);
  return packet;
}

}  // namespace

TEST_CASE("the usable addresses of a /30 are its middle two, whichever was given", "[pairs]") {
  const auto given = GENERATE("10.9.9.4", "10.9.9.5", "10.9.9.6", "10.9.9.7");
  const TunAddresses addresses = TunAddressesOf(Ip(given));
  CHECK(addresses.own == Ip("10.9.9.5"));
  CHECK(addresses.peer == Ip("10.9.9.6"));
}

TEST_CASE("a packet for the peer comes back from it", "[pairs]") {
  const TunAddresses addresses{Ip("10.9.9.1"), Ip("10.9.9.2")};
  Bytes packet = Packet(addresses.own, addresses.peer);
  CHECK(TurnAround(packet, addresses));
  CHECK(packet == Packet(addresses.peer, addresses.own));
}

TEST_CASE("other packets are left alone", "[pairs]") {
  const TunAddresses addresses{Ip("10.9.9.1"), Ip("10.9.9.2")};
  Bytes elsewhere = Packet(addresses.own, Ip("10.9.9.3"));
  CHECK_FALSE(TurnAround(elsewhere, addresses));
  Bytes six = Packet(addresses.own, addresses.peer);
  six[0] = 0x60;
  CHECK_FALSE(TurnAround(six, addresses));
  Bytes cut = Packet(addresses.own, addresses.peer);
  cut.pop_back();
  CHECK_FALSE(TurnAround(cut, addresses));
  CHECK_FALSE(TurnAround({}, addresses));
}
