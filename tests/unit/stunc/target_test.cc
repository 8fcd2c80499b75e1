#include "stunc/target.h"

#include <catch2/catch.hpp>

namespace derp::stunc {
namespace {

std::string Text(const std::vector<std::string>& words) {
  const auto target = ParseTarget(words);
  if (!target) return "error " + target.error();
  return target->host + " " + std::to_string(target->port);
}

}  // namespace

TEST_CASE("host and port are found however they are written", "[stunc]") {
  CHECK(Text({"stun.example.net"}) == "stun.example.net 3478");
  CHECK(Text({"stun.example.net", "3479"}) == "stun.example.net 3479");
  CHECK(Text({"stun.example.net:3479"}) == "stun.example.net 3479");
  CHECK(Text({"192.0.2.1:3479"}) == "192.0.2.1 3479");
  CHECK(Text({"192.0.2.1", "00080"}) == "192.0.2.1 80");
  CHECK(Text({"2001:db8::1"}) == "2001:db8::1 3478");
  CHECK(Text({"2001:db8::1", "3479"}) == "2001:db8::1 3479");
  CHECK(Text({"[2001:db8::1]"}) == "2001:db8::1 3478");
  CHECK(Text({"[2001:db8::1]:3479"}) == "2001:db8::1 3479");
  CHECK(Text({"[2001:db8::1]", "3479"}) == "2001:db8::1 3479");
  CHECK(Text({"fe80::1%eth0"}) == "fe80::1%eth0 3478");
}

TEST_CASE("a colon without a number behind it is left to the resolver", "[stunc]") {
  CHECK(Text({"host:stun"}) == "host:stun 3478");
  CHECK(Text({"host:"}) == "host: 3478");
  CHECK(Text({"[2001:db8::1"}) == "[2001:db8::1 3478");
}

TEST_CASE("a bad port reads as the reference's", "[stunc]") {
  const std::string syntax = "error invalid port: strconv.ParseUint: parsing ";
  CHECK(Text({"h", "notaport"}) == syntax + "\"notaport\": invalid syntax");
  CHECK(Text({"h", ""}) == syntax + "\"\": invalid syntax");
  CHECK(Text({"h", "-1"}) == syntax + "\"-1\": invalid syntax");
  CHECK(Text({"h", "+80"}) == syntax + "\"+80\": invalid syntax");
  CHECK(Text({"h", "0x10"}) == syntax + "\"0x10\": invalid syntax");
  CHECK(Text({"h", "-timeout"}) == syntax + "\"-timeout\": invalid syntax");
  CHECK(Text({"h", "70000"}) == syntax + "\"70000\": value out of range");
  CHECK(Text({"h", "99999999999999999999999"}) ==
        syntax + "\"99999999999999999999999\": value out of range");
  CHECK(Text({"h:70000"}) == syntax + "\"70000\": value out of range");
  CHECK(Text({"[::1]:x"}) == syntax + "\"x\": invalid syntax");
}

TEST_CASE("a port in both places is refused", "[stunc]") {
  CHECK(Text({"h:3478", "3479"}) == "error port given twice: \"h:3478\" and \"3479\"");
}

}  // namespace derp::stunc
