#include "common/stun/attributes.h"

#include <algorithm>
#include <array>

namespace derp::stun {
namespace {

constexpr std::uint8_t kFamilyIpv4 = 1;
constexpr std::uint8_t kFamilyIpv6 = 2;

struct NamedAttribute {
  AttributeType type;
  std::string_view name;
};
constexpr std::array kNames = {
    NamedAttribute{AttributeType::kMappedAddress, "MAPPED-ADDRESS"},
    NamedAttribute{AttributeType::kChangeRequest, "CHANGE-REQUEST"},
    NamedAttribute{AttributeType::kUsername, "USERNAME"},
    NamedAttribute{AttributeType::kMessageIntegrity, "MESSAGE-INTEGRITY"},
    NamedAttribute{AttributeType::kErrorCode, "ERROR-CODE"},
    NamedAttribute{AttributeType::kUnknownAttributes, "UNKNOWN-ATTRIBUTES"},
    NamedAttribute{AttributeType::kXorMappedAddress, "XOR-MAPPED-ADDRESS"},
    NamedAttribute{AttributeType::kPriority, "PRIORITY"},
    NamedAttribute{AttributeType::kUseCandidate, "USE-CANDIDATE"},
    NamedAttribute{AttributeType::kXorMappedAddressOld, "XOR-MAPPED-ADDRESS"},
    NamedAttribute{AttributeType::kSoftware, "SOFTWARE"},
    NamedAttribute{AttributeType::kFingerprint, "FINGERPRINT"},
};

// `mask` is XORed over port and address; sixteen zeros for the plain form.
constexpr std::array<std::uint8_t, 16> kNoMask{};

// Both address attributes: head, family, masked port, masked address.
std::size_t WriteMasked(std::span<std::uint8_t, kMaxAddressAttribute> out, AttributeType type,
                        const SocketAddress& address, ByteView mask) {
  const bool mapped = address.ip.IsMapped();
  const ByteView ip = mapped ? address.ip.bytes().last(4) : address.ip.bytes();
  StoreU16Be(&out[0], static_cast<std::uint16_t>(type));
  StoreU16Be(&out[2], static_cast<std::uint16_t>(4 + ip.size()));
  out[4] = 0;
  out[5] = ip.size() == 4 ? kFamilyIpv4 : kFamilyIpv6;
  StoreU16Be(&out[6], address.port ^ LoadU16Be(mask.data()));
  for (std::size_t i = 0; i < ip.size(); ++i) {
    out[8 + i] = static_cast<std::uint8_t>(ip[i] ^ mask[i]);
  }
  return 8 + ip.size();
}

void AppendMasked(Bytes& out, AttributeType type, const SocketAddress& address, ByteView mask) {
  std::array<std::uint8_t, kMaxAddressAttribute> attribute;
  AppendBytes(out, ByteView(attribute).first(WriteMasked(attribute, type, address, mask)));
}

}  // namespace

std::string_view AttributeName(AttributeType type) {
  const auto found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& row) { return row.type == type; });
  return found == kNames.end() ? std::string_view() : found->name;
}

std::optional<Attribute> AttributeReader::Next() {
  if (malformed_ || reader_.empty()) return std::nullopt;
  const auto type = reader_.U16Be();
  const auto length = reader_.U16Be();
  const std::size_t padded = length ? (std::size_t{*length} + 3) & ~std::size_t{3} : 0;
  const auto value = length ? reader_.Take(padded) : std::nullopt;
  malformed_ = !value;
  if (malformed_) return std::nullopt;
  return Attribute{static_cast<AttributeType>(*type), value->first(*length)};
}

std::optional<SocketAddress> DecodeXorAddress(ByteView value, ByteView mask) {
  if (value.size() < 4) return std::nullopt;
  const std::uint8_t family = value[1];
  const auto port = static_cast<std::uint16_t>(LoadU16Be(&value[2]) ^ LoadU16Be(mask.data()));
  const ByteView address = value.subspan(4);
  std::array<std::uint8_t, 16> plain{};
  const std::size_t size = family == kFamilyIpv4 ? 4 : 16;
  if ((family != kFamilyIpv4 && family != kFamilyIpv6) || address.size() < size) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < size; ++i) {
    plain[i] = static_cast<std::uint8_t>(address[i] ^ mask[i]);
  }
  if (family == kFamilyIpv6) return SocketAddress{IpAddress::V6(plain), port};
  return SocketAddress{IpAddress::V4({plain[0], plain[1], plain[2], plain[3]}), port};
}

std::optional<SocketAddress> DecodeAddress(ByteView value) {
  return DecodeXorAddress(value, kNoMask);
}

std::size_t WriteXorAddress(std::span<std::uint8_t, kMaxAddressAttribute> out,
                            const SocketAddress& address, ByteView mask) {
  return WriteMasked(out, AttributeType::kXorMappedAddress, address, mask);
}

void AppendAddress(Bytes& out, const SocketAddress& address) {
  AppendMasked(out, AttributeType::kMappedAddress, address, kNoMask);
}

void AppendXorAddress(Bytes& out, const SocketAddress& address, ByteView mask) {
  AppendMasked(out, AttributeType::kXorMappedAddress, address, mask);
}

}  // namespace derp::stun
