// The keys of the relay protocol as distinct types, with their text forms (derp-protocol.md 2).
// All-zero means "absent" for every kind. Private material is never printed by error texts.
#pragma once

#include <array>
#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/crypto/random.h"

namespace derp {

inline constexpr std::size_t kKeySize = 32;

// A Curve25519 public key: "nodekey:" + 64 hex digits.
class NodePublic {
 public:
  NodePublic() = default;
  explicit NodePublic(std::array<std::uint8_t, kKeySize> raw) : raw_(raw) {}
  static NodePublic FromBytes(ByteView bytes);                           // exactly 32 bytes
  static std::optional<NodePublic> Parse(std::string_view text);         // with prefix
  static std::optional<NodePublic> ParseUntyped(std::string_view text);  // 64 hex digits

  ByteView bytes() const { return raw_; }
  const std::array<std::uint8_t, kKeySize>& raw() const { return raw_; }
  bool is_zero() const;
  std::string ToString() const;     // "nodekey:…"
  std::string UntypedHex() const;   // 64 hex digits
  std::string ShortString() const;  // "[AbCdE]", empty for the zero key

  auto operator<=>(const NodePublic&) const = default;

 private:
  std::array<std::uint8_t, kKeySize> raw_{};
};

// A Curve25519 private key, clamped: "privkey:" + 64 hex digits. Wiped on destruction.
class NodePrivate {
 public:
  NodePrivate() = default;
  static NodePrivate Generate(RandomSource& random);
  static NodePrivate FromBytes(ByteView bytes);  // exactly 32 bytes, as they are
  static std::optional<NodePrivate> Parse(std::string_view text);
  NodePrivate(const NodePrivate&) = default;
  NodePrivate& operator=(const NodePrivate&) = default;
  ~NodePrivate();

  ByteView bytes() const { return raw_; }
  bool is_zero() const;
  NodePublic Public() const;
  std::string ToString() const;  // the secret itself: for the key file only

 private:
  std::array<std::uint8_t, kKeySize> raw_{};
};

// The pre-shared key of a mesh: 64 hex digits, blanks around them ignored when read.
class MeshKey {
 public:
  MeshKey() = default;
  static std::optional<MeshKey> Parse(std::string_view text);
  bool is_zero() const;
  bool ConstantTimeEquals(const MeshKey& other) const;
  std::string ToString() const;  // the secret itself: for the login message only

 private:
  std::array<std::uint8_t, kKeySize> raw_{};
};

}  // namespace derp

// For hash tables of keys that no peer can choose, or whose collisions cost nothing. The relay's
// registry uses a seeded hash instead.
template <>
struct std::hash<derp::NodePublic> {
  std::size_t operator()(const derp::NodePublic& key) const noexcept;
};
