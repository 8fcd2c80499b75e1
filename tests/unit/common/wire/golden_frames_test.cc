// Every valid frame of tests/data/derp-frames.json, decoded and encoded.
#include <algorithm>

#include <catch2/catch.hpp>

#include "common/wire/login.h"
#include "common/wire/messages.h"
#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::wire;

namespace {

using nlohmann::json;

std::string Text(const json& fields, const char* name) { return fields.at(name); }

NodePublic Key(const json& fields, const char* name) {
  return NodePublic::ParseUntyped(Text(fields, name)).value();
}

// The frame as our own encoder writes it from the decoded payload, after comparing the fields.
Bytes Reencode(const Frame& frame, const json& fields);

Bytes ReencodePacket(const Frame& frame, const json& fields) {
  Bytes out;
  const Bytes packet = test::Hex(Text(fields, "packet_hex"));
  if (frame.type == FrameType::kSendPacket) {
    const auto message = DecodeSendPacket(frame.payload).value();
    CHECK(message.destination == Key(fields, "dst_public"));
    CHECK(std::ranges::equal(message.packet, packet));
    AppendSendPacket(out, message.destination, message.packet);
  } else if (frame.type == FrameType::kRecvPacket) {
    const auto message = DecodeRecvPacket(frame.payload).value();
    CHECK(message.source == Key(fields, "src_public"));
    CHECK(std::ranges::equal(message.packet, packet));
    AppendRecvPacket(out, message.source, message.packet);
  } else {
    const auto message = DecodeForwardPacket(frame.payload).value();
    CHECK(message.source == Key(fields, "src_public"));
    CHECK(message.destination == Key(fields, "dst_public"));
    CHECK(std::ranges::equal(message.packet, packet));
    AppendForwardPacket(out, message.source, message.destination, message.packet);
  }
  return out;
}

Bytes ReencodePeer(const Frame& frame, const json& fields) {
  Bytes out;
  if (frame.type == FrameType::kPeerGone) {
    const auto message = DecodePeerGone(frame.payload).value();
    CHECK(message.peer == Key(fields, "peer_public"));
    CHECK(static_cast<int>(message.reason) == fields.at("reason").get<int>());
    AppendPeerGone(out, message);
    return out;
  }
  const auto message = DecodePeerPresent(frame.payload).value();
  CHECK(message.peer == Key(fields, "peer_public"));
  CHECK(message.flags == fields.at("flags").get<int>());
  const std::string ip = fields.value("ip", "");
  REQUIRE(message.address.has_value() == !ip.empty());
  if (message.address) {
    CHECK(message.address->ip.ToString() == ip);
    CHECK(message.address->port == fields.at("port").get<int>());
  }
  AppendPeerPresent(out, message);
  return out;
}

Bytes ReencodeLogin(const Frame& frame, const json& fields) {
  const auto keys = test::ReadJson("derp-frames.json")["keys"];
  const auto secret = [&](const std::string& name) {
    return NodePrivate::Parse(Text(keys[name], "private_text")).value();
  };
  const NodePrivate server = secret("server");
  if (frame.type == FrameType::kServerKey) {
    CHECK(DecodeServerKey(frame.payload).value() == server.Public());
    Bytes out;
    AppendServerKey(out, server.Public());
    return out;
  }
  std::array<std::uint8_t, kBoxNonceSize> nonce{};
  std::ranges::copy(test::Hex(Text(fields, "nonce_hex")), nonce.begin());
  const bool from_client = frame.type == FrameType::kClientInfo;
  const NodePublic peer = Key(fields, from_client ? "client_public" : "recipient_public");
  NodePrivate client;
  for (const char* name : {"client_a", "client_b", "mesh_node"})
    if (secret(name).Public() == peer) client = secret(name);
  const BoxKey box = BoxKey::Make(client, server.Public()).value();
  if (from_client) {
    const auto received = DecodeClientInfo(frame.payload, server).value();
    CHECK(received.key == peer);
    return EncodeClientInfo(received.info, peer, box, nonce);
  }
  const auto info = DecodeServerInfo(frame.payload, box).value();
  CHECK(info.version == 2);
  return EncodeServerInfo(info, server, peer, nonce).value();
}

Bytes ReencodeSmall(const Frame& frame, const json& fields) {
  Bytes out;
  switch (frame.type) {
    case FrameType::kKeepAlive:
      AppendKeepAlive(out);
      break;
    case FrameType::kWatchConns:
      AppendWatchConns(out);
      break;
    case FrameType::kNotePreferred: {
      const bool preferred = DecodeNotePreferred(frame.payload).value();
      CHECK(preferred == fields.at("preferred").get<bool>());
      AppendNotePreferred(out, preferred);
      break;
    }
    case FrameType::kClosePeer: {
      const NodePublic peer = DecodeClosePeer(frame.payload).value();
      CHECK(peer == Key(fields, "target_public"));
      AppendClosePeer(out, peer);
      break;
    }
    case FrameType::kPing:
    case FrameType::kPong: {
      const PingData data = DecodePing(frame.payload).value();
      CHECK(std::ranges::equal(data, test::Hex(Text(fields, "data_hex"))));
      frame.type == FrameType::kPing ? AppendPing(out, data) : AppendPong(out, data);
      break;
    }
    case FrameType::kHealth:
      CHECK(AsText(frame.payload) == Text(fields, "problem"));
      AppendHealth(out, AsText(frame.payload));
      break;
    case FrameType::kRestarting: {
      const Restarting message = DecodeRestarting(frame.payload).value();
      CHECK(message.reconnect_in.count() == fields.at("reconnect_in_ms").get<int>());
      CHECK(message.try_for.count() == fields.at("try_for_ms").get<int>());
      AppendRestarting(out, message);
      break;
    }
    default:
      FAIL("a golden frame of a type this test does not know");
  }
  return out;
}

Bytes Reencode(const Frame& frame, const json& fields) {
  switch (frame.type) {
    case FrameType::kServerKey:
    case FrameType::kClientInfo:
    case FrameType::kServerInfo:
      return ReencodeLogin(frame, fields);
    case FrameType::kSendPacket:
    case FrameType::kRecvPacket:
    case FrameType::kForwardPacket:
      return ReencodePacket(frame, fields);
    case FrameType::kPeerGone:
    case FrameType::kPeerPresent:
      return ReencodePeer(frame, fields);
    default:
      return ReencodeSmall(frame, fields);
  }
}

// Frames that a reader accepts and no writer makes.
bool ForDecodersOnly(const std::string& name) {
  for (const char* part : {"legacy", "future", "extra", "nonzero", "other_letter_case",
                           "unknown_member", "empty_object"})
    if (name.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("every golden frame is decoded and, where we send it, encoded alike", "[wire][golden]") {
  const auto frames = test::ReadJson("derp-frames.json")["frames"];
  REQUIRE(frames.size() == 43);
  for (const auto& golden : frames) {
    const std::string name = golden["name"];
    CAPTURE(name);
    const Bytes bytes = test::Hex(golden["frame_hex"].get<std::string>());
    ByteView input(bytes);
    const auto taken = TakeFrame(input, 1 << 20);
    REQUIRE((taken && *taken));
    CHECK(input.empty());
    const Frame& frame = **taken;
    CHECK(static_cast<int>(frame.type) == golden["type"].get<int>());
    CHECK(frame.payload.size() == golden["length"].get<std::size_t>());
    CHECK(std::ranges::equal(frame.payload, test::Hex(golden["payload_hex"].get<std::string>())));
    const Bytes encoded = Reencode(frame, golden["fields"]);
    if (!ForDecodersOnly(name)) CHECK(encoded == bytes);
  }
}

TEST_CASE("every golden frame waits for its last byte", "[wire][golden]") {
  const auto data = test::ReadJson("derp-frames.json");
  for (const auto& golden : data["frames"]) {
    CAPTURE(golden["name"].get<std::string>());
    const Bytes bytes = test::Hex(golden["frame_hex"].get<std::string>());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      ByteView input = ByteView(bytes).first(cut);
      const auto taken = TakeFrame(input, 1 << 20);
      REQUIRE(taken);
      CHECK_FALSE(*taken);
      CHECK(input.size() == cut);
    }
  }
}

TEST_CASE("packets count as disco as the golden list says", "[wire][golden]") {
  const auto data = test::ReadJson("derp-frames.json");
  for (const auto& entry : data["disco_detection"]) {
    CAPTURE(entry["name"].get<std::string>());
    CHECK(LooksLikeDisco(test::Hex(entry["packet_hex"].get<std::string>())) ==
          entry["disco"].get<bool>());
  }
}
