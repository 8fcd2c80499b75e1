// The attributes behind a STUN header: numbers, the walk over them, and the two address forms.
// What a whole message must contain is in message.h. Sources: RFC 8489 14; Go: net/stun.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/socket_address.h"

namespace derp::stun {

enum class AttributeType : std::uint16_t {  // Numbers belong to the protocol; others are legal.
  kMappedAddress = 0x0001,
  kChangeRequest = 0x0003,
  kUsername = 0x0006,
  kMessageIntegrity = 0x0008,
  kErrorCode = 0x0009,
  kUnknownAttributes = 0x000a,
  kXorMappedAddress = 0x0020,
  kPriority = 0x0024,
  kUseCandidate = 0x0025,
  kXorMappedAddressOld = 0x8020,  // a mis-numbering that some servers still send
  kSoftware = 0x8022,
  kFingerprint = 0x8028,
};

// RFC 8489 14: a receiver that does not know a number below 0x8000 must refuse the request.
constexpr bool IsComprehensionRequired(AttributeType type) {
  return static_cast<std::uint16_t>(type) < 0x8000;
}

std::string_view AttributeName(AttributeType type);  // "XOR-MAPPED-ADDRESS"; empty when unknown

struct Attribute {
  AttributeType type{};
  ByteView value;  // Without padding; borrowed from the message.
};

// Walks an attribute area. Padding is required on the last attribute too; its content is not
// looked at.
class AttributeReader {
 public:
  explicit AttributeReader(ByteView area) : reader_(area) {}

  // Empty at the end and at the first malformed attribute: `malformed` tells them apart.
  std::optional<Attribute> Next();
  bool malformed() const { return malformed_; }

 private:
  ByteReader reader_;
  bool malformed_ = false;
};

// The value of MAPPED-ADDRESS (RFC 8489 14.1). Extra bytes behind the address are ignored, an
// IPv4-mapped IPv6 address stays what it is. Empty when it is too short or of an unknown family.
std::optional<SocketAddress> DecodeAddress(ByteView value);

// The value of XOR-MAPPED-ADDRESS (14.2). `mask` is the message's bytes 4 to 19: cookie and
// transaction id.
std::optional<SocketAddress> DecodeXorAddress(ByteView value, ByteView mask);

// Write the whole attribute, unmapped first: 12 bytes for IPv4, 24 for IPv6. Gives the size.
inline constexpr std::size_t kMaxAddressAttribute = 24;
std::size_t WriteXorAddress(std::span<std::uint8_t, kMaxAddressAttribute> out,
                            const SocketAddress& address, ByteView mask);

// Append it.
void AppendAddress(Bytes& out, const SocketAddress& address);
void AppendXorAddress(Bytes& out, const SocketAddress& address, ByteView mask);

}  // namespace derp::stun
