#include "common/stun/message.h"

#include <algorithm>
#include <cstring>

#include "common/stun/attributes.h"
#include "common/stun/crc32.h"

namespace derp::stun {
namespace {

constexpr std::size_t kFingerprintSize = 8;  // with its head

MessageType TypeOf(ByteView datagram) {
  return static_cast<MessageType>(LoadU16Be(datagram.data()));
}

// Cookie and transaction id: what addresses are XORed with.
ByteView MaskOf(ByteView datagram) { return datagram.subspan(4, 16); }

// What Tailscale's clients send, byte for byte as BuildRequest() makes it: accepted without a walk
// over its attributes, which would find the same.
bool IsUsualRequest(ByteView datagram) {
  static const std::array<std::uint8_t, kRequestSize> usual = BuildRequest({});
  return datagram.size() == kRequestSize && std::memcmp(datagram.data(), usual.data(), 8) == 0 &&
         std::memcmp(&datagram[20], &usual[20], 16) == 0 &&
         LoadU32Be(&datagram[36]) == FingerprintOf(datagram.first(32));
}

bool IsFingerprintRight(ByteView datagram, ByteView value) {
  if (value.size() != 4) return false;
  return LoadU32Be(value.data()) ==
         FingerprintOf(datagram.first(datagram.size() - kFingerprintSize));
}

}  // namespace

std::string_view MessageErrorName(MessageError error) {
  switch (error) {
    case MessageError::kNotStun:
      return "not_stun";
    case MessageError::kNotSuccessResponse:
      return "not_success_response";
    case MessageError::kMalformedAttrs:
      return "malformed_attrs";
    case MessageError::kNotBindingRequest:
      return "not_binding_request";
    case MessageError::kWrongSoftware:
      return "wrong_software";
    case MessageError::kNoFingerprint:
      return "no_fingerprint";
    case MessageError::kWrongFingerprint:
      return "wrong_fingerprint";
  }
  return "not_stun";
}

std::string_view MessageErrorText(MessageError error) {
  switch (error) {
    case MessageError::kNotStun:
      return "response is not a STUN packet";
    case MessageError::kNotSuccessResponse:
      return "STUN packet is not a response";
    case MessageError::kMalformedAttrs:
      return "STUN response has malformed attributes";
    case MessageError::kNotBindingRequest:
      return "STUN packet is not a binding request";
    case MessageError::kWrongSoftware:
      return "STUN request without Tailscale's SOFTWARE attribute";
    case MessageError::kNoFingerprint:
      return "STUN request without a FINGERPRINT at its end";
    case MessageError::kWrongFingerprint:
      return "STUN request with a wrong FINGERPRINT";
  }
  return "response is not a STUN packet";
}

bool IsStun(ByteView datagram) {
  return datagram.size() >= kHeaderSize && (datagram[0] & 0xc0U) == 0 &&
         LoadU32Be(&datagram[4]) == kMagicCookie;
}

std::optional<TransactionId> PeekTransactionId(ByteView datagram) {
  if (!IsStun(datagram)) return std::nullopt;
  TransactionId id;
  std::copy_n(datagram.begin() + 8, id.bytes.size(), id.bytes.begin());
  return id;
}

std::uint32_t FingerprintOf(ByteView covered) { return Crc32(covered) ^ kFingerprintMask; }

std::array<std::uint8_t, kRequestSize> BuildRequest(const TransactionId& id) {
  std::array<std::uint8_t, kRequestSize> out{};
  StoreU16Be(&out[0], static_cast<std::uint16_t>(MessageType::kBindingRequest));
  StoreU16Be(&out[2], kRequestSize - kHeaderSize);
  StoreU32Be(&out[4], kMagicCookie);
  std::copy(id.bytes.begin(), id.bytes.end(), out.begin() + 8);
  // SOFTWARE comes first: relays that answer in the network card's driver rely on it.
  StoreU16Be(&out[20], static_cast<std::uint16_t>(AttributeType::kSoftware));
  StoreU16Be(&out[22], kSoftwareGate.size());
  std::copy(kSoftwareGate.begin(), kSoftwareGate.end(), out.begin() + 24);
  StoreU16Be(&out[32], static_cast<std::uint16_t>(AttributeType::kFingerprint));
  StoreU16Be(&out[34], 4);
  StoreU32Be(&out[36], FingerprintOf(ByteView(out).first(32)));
  return out;
}

Expected<TransactionId, MessageError> ParseRequest(ByteView datagram) {
  const auto id = PeekTransactionId(datagram);
  if (!id) return Fail(MessageError::kNotStun);
  if (IsUsualRequest(datagram)) return *id;
  if (TypeOf(datagram) != MessageType::kBindingRequest) {
    return Fail(MessageError::kNotBindingRequest);
  }
  AttributeReader reader(datagram.subspan(kHeaderSize));
  bool gate_seen = false;
  Attribute last{};
  ByteView fingerprint;
  while (const auto attribute = reader.Next()) {
    last = *attribute;
    if (last.type == AttributeType::kSoftware && AsText(last.value) == kSoftwareGate) {
      gate_seen = true;
    }
    if (last.type == AttributeType::kFingerprint && last.value.size() == 4) {
      fingerprint = last.value;
    }
  }
  if (reader.malformed()) return Fail(MessageError::kMalformedAttrs);
  if (!gate_seen) return Fail(MessageError::kWrongSoftware);
  if (last.type != AttributeType::kFingerprint) return Fail(MessageError::kNoFingerprint);
  if (!IsFingerprintRight(datagram, fingerprint)) return Fail(MessageError::kWrongFingerprint);
  // Tailscale's relay never reads the length; judged last so that its reasons stay what they are.
  if (LoadU16Be(&datagram[2]) != datagram.size() - kHeaderSize) {
    return Fail(MessageError::kMalformedAttrs);
  }
  return *id;
}

std::size_t WriteResponse(std::span<std::uint8_t, kMaxResponse> out, const TransactionId& id,
                          const SocketAddress& address) {
  StoreU16Be(&out[0], static_cast<std::uint16_t>(MessageType::kBindingSuccess));
  StoreU32Be(&out[4], kMagicCookie);
  std::copy(id.bytes.begin(), id.bytes.end(), out.begin() + 8);
  const std::size_t attribute =
      WriteXorAddress(out.subspan<kHeaderSize, kMaxAddressAttribute>(), address, MaskOf(out));
  StoreU16Be(&out[2], static_cast<std::uint16_t>(attribute));
  return kHeaderSize + attribute;
}

Bytes BuildResponse(const TransactionId& id, const SocketAddress& address) {
  Bytes out(kMaxResponse);
  out.resize(WriteResponse(std::span<std::uint8_t, kMaxResponse>(out), id, address));
  return out;
}

Expected<Response, MessageError> ParseResponse(ByteView datagram) {
  const auto id = PeekTransactionId(datagram);
  if (!id) return Fail(MessageError::kNotStun);
  if (TypeOf(datagram) != MessageType::kBindingSuccess) {
    return Fail(MessageError::kNotSuccessResponse);
  }
  const std::size_t length = LoadU16Be(&datagram[2]);
  if (length > datagram.size() - kHeaderSize) return Fail(MessageError::kMalformedAttrs);

  AttributeReader reader(datagram.subspan(kHeaderSize, length));
  std::optional<SocketAddress> masked;
  std::optional<SocketAddress> plain;
  while (const auto attribute = reader.Next()) {
    if (attribute->type == AttributeType::kXorMappedAddress ||
        attribute->type == AttributeType::kXorMappedAddressOld) {
      masked = DecodeXorAddress(attribute->value, MaskOf(datagram));
      if (!masked) return Fail(MessageError::kMalformedAttrs);
    } else if (attribute->type == AttributeType::kMappedAddress) {
      plain = DecodeAddress(attribute->value);
      if (!plain) return Fail(MessageError::kMalformedAttrs);
    }
  }
  if (reader.malformed() || (!masked && !plain)) return Fail(MessageError::kMalformedAttrs);
  const SocketAddress& seen = masked ? *masked : *plain;
  return Response{*id, {seen.ip.Unmap(), seen.port}, seen.ip.IsMapped()};
}

}  // namespace derp::stun
