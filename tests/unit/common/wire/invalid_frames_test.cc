// The invalid input of tests/data/derp-frames.json, as far as the codec decides it. Permissions and
// what to do with a failure belong to the session: common/derp and the relay.
#include <map>

#include <catch2/catch.hpp>

#include "common/wire/login.h"
#include "common/wire/messages.h"
#include "tests/support/vectors.h"

using namespace derp;
using namespace derp::wire;

namespace {

struct Keys {
  NodePrivate server;
  NodePrivate client;
};

Keys GoldenKeys() {
  const auto keys = test::ReadJson("derp-frames.json")["keys"];
  const auto secret = [&](const char* name) {
    return NodePrivate::Parse(keys[name]["private_text"].get<std::string>()).value();
  };
  return {.server = secret("server"), .client = secret("client_a")};
}

// Whether the decoder of the frame's own type takes the payload; nothing for types without one.
std::optional<bool> Decodes(const Frame& frame, const Keys& keys) {
  switch (frame.type) {
    case FrameType::kServerKey:
      return DecodeServerKey(frame.payload).has_value();
    case FrameType::kClientInfo:
      return DecodeClientInfo(frame.payload, keys.server).has_value();
    case FrameType::kServerInfo:
      return DecodeServerInfo(frame.payload, *BoxKey::Make(keys.client, keys.server.Public()))
          .has_value();
    case FrameType::kSendPacket:
      return DecodeSendPacket(frame.payload).has_value();
    case FrameType::kRecvPacket:
      return DecodeRecvPacket(frame.payload).has_value();
    case FrameType::kForwardPacket:
      return DecodeForwardPacket(frame.payload).has_value();
    case FrameType::kNotePreferred:
      return DecodeNotePreferred(frame.payload).has_value();
    case FrameType::kPeerGone:
      return DecodePeerGone(frame.payload).has_value();
    case FrameType::kPeerPresent:
      return DecodePeerPresent(frame.payload).has_value();
    case FrameType::kClosePeer:
      return DecodeClosePeer(frame.payload).has_value();
    case FrameType::kPing:
    case FrameType::kPong:
      return DecodePing(frame.payload).has_value();
    case FrameType::kRestarting:
      return DecodeRestarting(frame.payload).has_value();
    case FrameType::kWatchConns:
      return frame.payload.empty();
    case FrameType::kKeepAlive:
    case FrameType::kHealth:
      return true;
  }
  return std::nullopt;
}

// The limit a receiver in this state puts on a frame of this type.
std::size_t LimitFor(const std::string& state, FrameType type) {
  if (state == "client waits for ServerKey") return kMaxServerGreeting;
  if (state.starts_with("client")) return kMaxClientFrame;
  if (state == "server waits for ClientInfo") return kMaxClientInfo;
  if (type == FrameType::kForwardPacket) return kMaxForwardPacketPayload;
  if (type == FrameType::kPing) return kMaxPingPayload;
  return kMaxSendPacketPayload;
}

// Whole and well-formed: refused or skipped for what the receiver is, or for when they come.
bool IsTheSessionsToRefuse(const std::string& name) {
  return name == "login_first_frame_not_client_info" || name == "greeting_wrong_type" ||
         name.ends_with("_without_mesh_key") || name == "pong_from_client" ||
         name == "keepalive_from_client" || name == "second_client_info" ||
         name == "server_key_after_login";
}

}  // namespace

TEST_CASE("every golden malformed frame is refused by its limit or its decoder", "[wire][golden]") {
  const Keys keys = GoldenKeys();
  const auto invalid = test::ReadJson("derp-frames.json")["invalid"];
  REQUIRE(invalid.size() == 44);
  for (const auto& entry : invalid) {
    const std::string name = entry["name"];
    const std::string state = entry["state"];
    CAPTURE(name, state);
    const Bytes bytes = test::Hex(entry["bytes_hex"].get<std::string>());
    ByteView input(bytes);
    const auto header = PeekHeader(bytes);
    REQUIRE(header);
    const auto taken = TakeFrame(input, LimitFor(state, header->type));
    if (entry.value("header_only", false) || name == "http_error_during_fast_start") {
      CHECK_FALSE(taken.has_value());
      continue;
    }
    REQUIRE((taken && *taken));
    const auto decodes = Decodes(**taken, keys);
    if (IsTheSessionsToRefuse(name)) {
      CHECK(decodes == true);
    } else if (name.starts_with("unknown")) {
      CHECK_FALSE(decodes.has_value());
    } else {
      CHECK(decodes == false);
    }
  }
}
