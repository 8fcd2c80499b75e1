#include "common/stun/server_answer.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "common/stun/attributes.h"

namespace derp::stun {
namespace {

constexpr std::string_view kUnknownAttributeReason = "Unknown Attribute";
constexpr std::array<std::uint8_t, 4> kUnknownAttributeCode = {0, 0, 4, 20};  // class 4, number 20
constexpr std::size_t kFingerprintSize = 8;

struct GenericRequest {
  bool classic = false;      // RFC 3489: no cookie, 16 bytes of id
  bool fingerprint = false;  // present, last and right
  std::vector<AttributeType> unknown;
};

// Attributes a binding request may carry although this server does nothing with them.
bool IsIgnorable(const Attribute& attribute) {
  switch (attribute.type) {
    case AttributeType::kUsername:
    case AttributeType::kMessageIntegrity:
    case AttributeType::kPriority:
    case AttributeType::kUseCandidate:
      return true;
    case AttributeType::kChangeRequest:
      // Asking for no change is no request. Any other would have to be answered from another
      // address, which this server does not have; answering from its own would mislead the client.
      return std::ranges::all_of(attribute.value, [](std::uint8_t byte) { return byte == 0; });
    default:
      return !IsComprehensionRequired(attribute.type);
  }
}

void NoteUnknown(GenericRequest& request, AttributeType type) {
  if (request.unknown.size() == kMaxUnknownAttributes) return;
  if (std::ranges::find(request.unknown, type) != request.unknown.end()) return;
  request.unknown.push_back(type);
}

Expected<GenericRequest, MessageError> ReadGeneric(ByteView datagram) {
  GenericRequest request;
  if (datagram.size() < kHeaderSize || (datagram[0] & 0xc0U) != 0) {
    return Fail(MessageError::kNotStun);
  }
  request.classic = !IsStun(datagram);
  if (LoadU16Be(datagram.data()) != static_cast<std::uint16_t>(MessageType::kBindingRequest)) {
    return Fail(request.classic ? MessageError::kNotStun : MessageError::kNotBindingRequest);
  }
  const std::size_t length = LoadU16Be(&datagram[2]);
  if (length != datagram.size() - kHeaderSize || length % 4 != 0) {
    return Fail(request.classic ? MessageError::kNotStun : MessageError::kMalformedAttrs);
  }
  AttributeReader reader(datagram.subspan(kHeaderSize));
  while (const auto attribute = reader.Next()) {
    if (request.fingerprint) return Fail(MessageError::kNoFingerprint);  // not the last one
    if (attribute->type == AttributeType::kFingerprint && !request.classic) {
      // Where the attribute ends is checked by the line above: a right one is the last one.
      const ByteView covered = datagram.first(datagram.size() - kFingerprintSize);
      if (attribute->value.size() != 4) return Fail(MessageError::kWrongFingerprint);
      request.fingerprint = LoadU32Be(attribute->value.data()) == FingerprintOf(covered);
      if (!request.fingerprint) return Fail(MessageError::kWrongFingerprint);
    } else if (!IsIgnorable(*attribute)) {
      NoteUnknown(request, attribute->type);
    }
  }
  if (reader.malformed()) return Fail(MessageError::kMalformedAttrs);
  return request;
}

void AppendAttributeHead(Bytes& out, AttributeType type, std::size_t length) {
  AppendU16Be(out, static_cast<std::uint16_t>(type));
  AppendU16Be(out, static_cast<std::uint16_t>(length));
}

// RFC 3489 wants both values in multiples of four without padding: its reason is filled with
// blanks, its list repeats an attribute. RFC 8489 pads with zeros behind the length.
void AppendUnknownAttributes(Bytes& out, const GenericRequest& request) {
  std::string reason(kUnknownAttributeReason);
  std::vector<AttributeType> list = request.unknown;
  if (request.classic) {
    reason.resize((reason.size() + 3) / 4 * 4, ' ');
    if (list.size() % 2 != 0) list.push_back(list.back());
  }
  AppendAttributeHead(out, AttributeType::kErrorCode, kUnknownAttributeCode.size() + reason.size());
  AppendBytes(out, kUnknownAttributeCode);
  AppendText(out, reason);
  out.resize((out.size() + 3) / 4 * 4);
  AppendAttributeHead(out, AttributeType::kUnknownAttributes, 2 * list.size());
  for (const AttributeType type : list) AppendU16Be(out, static_cast<std::uint16_t>(type));
  out.resize((out.size() + 3) / 4 * 4);
}

Bytes BuildGeneric(const GenericRequest& request, ByteView datagram, const SocketAddress& source) {
  const ByteView id = datagram.subspan(4, 16);  // With the cookie, or the classic 16 bytes.
  const auto type =
      request.unknown.empty() ? MessageType::kBindingSuccess : MessageType::kBindingError;
  Bytes out;
  out.reserve(kMaxAnswer);
  AppendU16Be(out, static_cast<std::uint16_t>(type));
  AppendU16Be(out, 0);
  AppendBytes(out, id);
  if (!request.unknown.empty()) {
    AppendUnknownAttributes(out, request);
  } else {
    if (!request.classic) AppendXorAddress(out, source, id);
    AppendAddress(out, source);
  }
  const std::size_t end = out.size() + (request.fingerprint ? kFingerprintSize : 0);
  StoreU16Be(&out[2], static_cast<std::uint16_t>(end - kHeaderSize));
  if (request.fingerprint) {
    const std::uint32_t value = FingerprintOf(out);
    AppendAttributeHead(out, AttributeType::kFingerprint, 4);
    AppendU32Be(out, value);
  }
  return out;
}

}  // namespace

std::optional<ServerMode> ParseServerMode(std::string_view text) {
  if (text == "strict") return ServerMode::kStrict;
  if (text == "generic") return ServerMode::kGeneric;
  return std::nullopt;
}

Expected<Answer, MessageError> AnswerRequest(ServerMode mode, ByteView datagram,
                                             const SocketAddress& source) {
  Answer answer;
  const auto id = ParseRequest(datagram);
  if (id) {
    answer.tailscale_dialect = true;
    answer.size = WriteResponse(std::span(answer.room).first<kMaxResponse>(), *id, source);
    return answer;
  }
  if (mode == ServerMode::kStrict) return Fail(id.error());
  const auto request = ReadGeneric(datagram);
  if (!request) return Fail(request.error());
  const Bytes bytes = BuildGeneric(*request, datagram, source);
  std::copy(bytes.begin(), bytes.end(), answer.room.begin());
  answer.size = bytes.size();
  return answer;
}

}  // namespace derp::stun
