#include "common/crypto/keys.h"

#include <algorithm>
#include <cstring>

#include <sodium.h>

#include "common/base/base64.h"
#include "common/base/hex.h"
#include "common/base/result.h"
#include "common/base/text.h"

namespace derp {
namespace {

using RawKey = std::array<std::uint8_t, kKeySize>;

constexpr std::string_view kPublicPrefix = "nodekey:";
constexpr std::string_view kPrivatePrefix = "privkey:";

RawKey CopyKey(ByteView bytes) {
  Check(bytes.size() == kKeySize, "a key is exactly 32 bytes");
  RawKey raw;
  std::copy(bytes.begin(), bytes.end(), raw.begin());
  return raw;
}

// `prefix` in its exact letters, then 64 hex digits and nothing else.
std::optional<RawKey> ParseKey(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  RawKey raw;
  if (!DecodeHexInto(text.substr(prefix.size()), raw)) return std::nullopt;
  return raw;
}

// Takes the same time for every key: the bytes may be secret.
bool IsZero(const RawKey& raw) { return sodium_is_zero(raw.data(), raw.size()) != 0; }

}  // namespace

NodePublic NodePublic::FromBytes(ByteView bytes) { return NodePublic(CopyKey(bytes)); }

std::optional<NodePublic> NodePublic::Parse(std::string_view text) {
  const auto raw = ParseKey(text, kPublicPrefix);
  if (!raw) return std::nullopt;
  return NodePublic(*raw);
}

std::optional<NodePublic> NodePublic::ParseUntyped(std::string_view text) {
  const auto raw = ParseKey(text, "");
  if (!raw) return std::nullopt;
  return NodePublic(*raw);
}

bool NodePublic::is_zero() const { return IsZero(raw_); }
std::string NodePublic::ToString() const { return std::string(kPublicPrefix) + EncodeHex(raw_); }
std::string NodePublic::UntypedHex() const { return EncodeHex(raw_); }

std::string NodePublic::ShortString() const {
  if (is_zero()) return "";
  return "[" + EncodeBase64(raw_).substr(0, 5) + "]";
}

NodePrivate NodePrivate::Generate(RandomSource& random) {
  NodePrivate key;
  random.Fill(key.raw_);
  key.raw_[0] &= 0xf8;
  key.raw_[31] = static_cast<std::uint8_t>((key.raw_[31] & 0x7f) | 0x40);
  return key;
}

NodePrivate NodePrivate::FromBytes(ByteView bytes) {
  NodePrivate key;
  key.raw_ = CopyKey(bytes);
  return key;
}

std::optional<NodePrivate> NodePrivate::Parse(std::string_view text) {
  const auto raw = ParseKey(text, kPrivatePrefix);
  if (!raw) return std::nullopt;
  return FromBytes(*raw);
}

NodePrivate::~NodePrivate() { sodium_memzero(raw_.data(), raw_.size()); }

bool NodePrivate::is_zero() const { return IsZero(raw_); }

NodePublic NodePrivate::Public() const {
  RawKey raw{};
  if (!is_zero()) crypto_scalarmult_base(raw.data(), raw_.data());
  return NodePublic(raw);
}

std::string NodePrivate::ToString() const { return std::string(kPrivatePrefix) + EncodeHex(raw_); }

std::optional<MeshKey> MeshKey::Parse(std::string_view text) {
  const auto raw = ParseKey(TrimSpace(text), "");
  if (!raw) return std::nullopt;
  MeshKey key;
  key.raw_ = *raw;
  return key;
}

bool MeshKey::is_zero() const { return IsZero(raw_); }

bool MeshKey::ConstantTimeEquals(const MeshKey& other) const {
  return sodium_memcmp(raw_.data(), other.raw_.data(), raw_.size()) == 0;
}

std::string MeshKey::ToString() const { return EncodeHex(raw_); }

}  // namespace derp

std::size_t std::hash<derp::NodePublic>::operator()(const derp::NodePublic& key) const noexcept {
  // Public keys are as good as random: any eight bytes will do.
  std::size_t value = 0;
  std::memcpy(&value, key.raw().data(), sizeof(value));
  return value;
}
