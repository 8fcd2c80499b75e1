// The golden STUN messages of tests/data/stun.json. Where an entry has `harden`, ours is the
// stricter outcome.
#include "tests/support/vectors.h"

#include <catch2/catch.hpp>

#include "common/base/hex.h"
#include "common/stun/exchange.h"
#include "common/stun/message.h"
#include "common/stun/server_answer.h"

namespace derp::stun {
namespace {

TransactionId IdOf(const nlohmann::json& text) {
  TransactionId id;
  REQUIRE(DecodeHexInto(text.get<std::string>(), id.bytes));
  return id;
}

Bytes HexOf(const nlohmann::json& text) { return test::Hex(text.get<std::string>()); }

SocketAddress AddressOf(const nlohmann::json& text) {
  const auto address = SocketAddress::Parse(text.get<std::string>());
  REQUIRE(address.has_value());
  return *address;
}

const nlohmann::json& Vectors() {
  static const nlohmann::json vectors = test::ReadJson("stun.json");
  return vectors;
}

const nlohmann::json& Wanted(const nlohmann::json& entry) {
  return entry.contains("harden") ? entry["harden"] : entry["expect"];
}

void CheckAnswer(ServerMode mode, const nlohmann::json& entry, const nlohmann::json& wanted) {
  const Bytes request = HexOf(entry["request"]);
  const auto answer = AnswerRequest(mode, request, AddressOf(entry["source"]));
  REQUIRE(answer.has_value() == !wanted.is_null());
  if (answer) CHECK(EncodeHex(answer->bytes()) == wanted.get<std::string>());
}

}  // namespace

TEST_CASE("requests are built as recorded and read back", "[stun][vectors]") {
  for (const auto& entry : Vectors()["build_request"]) {
    CAPTURE(entry["name"]);
    const TransactionId id = IdOf(entry["txid"]);
    const auto request = BuildRequest(id);
    CHECK(EncodeHex(request) == entry["hex"].get<std::string>());
    const auto parsed = ParseRequest(request);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == id);
  }
}

TEST_CASE("STUN is told from other traffic as recorded", "[stun][vectors]") {
  for (const auto& entry : Vectors()["is_stun"]) {
    CAPTURE(entry["name"]);
    CHECK(IsStun(HexOf(entry["hex"])) == entry["expect"].get<bool>());
  }
}

TEST_CASE("requests are judged as recorded", "[stun][vectors]") {
  for (const auto& entry : Vectors()["parse_request"]) {
    CAPTURE(entry["name"]);
    const auto& wanted = Wanted(entry);
    const auto id = ParseRequest(HexOf(entry["hex"]));
    REQUIRE(id.has_value() == wanted["ok"].get<bool>());
    if (id) {
      CHECK(*id == IdOf(wanted["txid"]));
    } else {
      CHECK(MessageErrorName(id.error()) == wanted["error"].get<std::string>());
    }
  }
}

TEST_CASE("responses are read as recorded", "[stun][vectors]") {
  for (const auto& entry : Vectors()["parse_response"]) {
    CAPTURE(entry["name"]);
    const auto& wanted = Wanted(entry);
    const auto response = ParseResponse(HexOf(entry["hex"]));
    REQUIRE(response.has_value() == wanted["ok"].get<bool>());
    if (response) {
      CHECK(response->id == IdOf(wanted["txid"]));
      CHECK(response->address == AddressOf(wanted["addr"]));
    } else {
      CHECK(MessageErrorName(response.error()) == wanted["error"].get<std::string>());
    }
  }
}

TEST_CASE("responses are built as recorded and read back", "[stun][vectors]") {
  for (const auto& entry : Vectors()["build_response"]) {
    CAPTURE(entry["name"]);
    const SocketAddress address = AddressOf(entry["addr"]);
    const Bytes bytes = BuildResponse(IdOf(entry["txid"]), address);
    CHECK(EncodeHex(bytes) == entry["hex"].get<std::string>());
    const auto response = ParseResponse(bytes);
    REQUIRE(response.has_value());
    CHECK(response->address == address);
  }
}

TEST_CASE("an IPv4 client on a dual-stack socket gets an IPv4 answer", "[stun][vectors]") {
  for (const auto& entry : Vectors()["build_response_mapped"]) {
    CAPTURE(entry["name"]);
    const TransactionId id = IdOf(entry["txid"]);
    const SocketAddress source = AddressOf(entry["socket_source"]);
    CHECK(EncodeHex(BuildResponse(id, source)) == entry["ours_hex"].get<std::string>());
    for (const char* form : {"ours_hex", "go_reference_hex"}) {
      const auto response = ParseResponse(HexOf(entry[form]));
      REQUIRE(response.has_value());
      CHECK(response->address == SocketAddress{source.ip.Unmap(), source.port});
      CHECK(response->mapped_form == (std::string(form) == "go_reference_hex"));
    }
  }
}

TEST_CASE("servers answer in both modes as recorded", "[stun][vectors]") {
  for (const auto& entry : Vectors()["generic_server"]) {
    CAPTURE(entry["name"]);
    CheckAnswer(ServerMode::kStrict, entry, entry["strict_reply"]);
    CheckAnswer(ServerMode::kGeneric, entry, entry["generic_reply"]);
  }
}

TEST_CASE("an answer to another transaction answers nothing", "[stun][vectors]") {
  for (const auto& entry : Vectors()["exchange"]) {
    CAPTURE(entry["name"]);
    const SocketAddress server{IpAddress::V4({192, 0, 2, 1}), 3478};
    Exchange exchange;
    exchange.Sent(IdOf(entry["sent_txid"]), server, TimePoint{});
    const Match match = exchange.Receive(HexOf(entry["reply"]), server, TimePoint{});
    CHECK(match.kind == MatchKind::kUnknown);
    CHECK(exchange.Open() == 1);
  }
}

TEST_CASE("the sample messages of RFC 5769 are read", "[stun][vectors]") {
  const auto& samples = Vectors()["rfc5769"];
  for (const char* family : {"ipv4", "ipv6"}) {
    CAPTURE(family);
    const auto response =
        ParseResponse(HexOf(samples[std::string("sample_") + family + "_response"]));
    REQUIRE(response.has_value());
    CHECK(response->address == AddressOf(samples[std::string(family) + "_mapped"]));
  }
  const Bytes request = HexOf(samples["sample_request"]);
  CHECK(ParseRequest(request).error() == MessageError::kWrongSoftware);
  // Its FINGERPRINT is last and right, and nothing in it has to be refused.
  const SocketAddress source{IpAddress::V4({192, 0, 2, 1}), 32853};
  const auto answer = AnswerRequest(ServerMode::kGeneric, request, source);
  REQUIRE(answer.has_value());
  CHECK(ParseResponse(answer->bytes())->address == source);
}

}  // namespace derp::stun
