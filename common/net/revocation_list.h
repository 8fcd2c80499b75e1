// A certificate revocation list (RFC 5280 5) as a value: who is listed, and until when it holds.
// Only what was signed by the issuer of the certificates in question is accepted, so that a list
// may come over plain HTTP. Immutable; any thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "common/net/certificate.h"

namespace derp::net {

class RevocationList {
 public:
  struct Entry {
    WallTime at;              // when it was revoked
    std::string_view reason;  // RFC 5280 5.3.1, "unspecified" when none is given; static text
  };

  // `url` is where the certificate says its list is. Refused: a list of another issuer or another
  // place, one that covers only some certificates or some reasons, and a delta.
  static Expected<RevocationList, Error> FromDer(ByteView der, std::string_view url,
                                                 const Certificate& issuer);

  // The entry of a certificate of the same issuer; empty: not revoked.
  std::optional<Entry> Find(const Certificate& certificate) const;
  WallTime this_update() const { return this_update_; }
  std::optional<WallTime> next_update() const { return next_update_; }
  std::size_t size() const { return entries_.size(); }

 private:
  static constexpr std::size_t kMostSerialBytes = 20;  // RFC 5280 4.1.2.2
  struct Listed {
    std::array<std::uint8_t, kMostSerialBytes> serial{};  // zeros in front
    std::int8_t reason = 0;
    WallTime at;
  };
  struct Reader;

  std::vector<Listed> entries_;  // by serial
  WallTime this_update_;
  std::optional<WallTime> next_update_;
};

}  // namespace derp::net
