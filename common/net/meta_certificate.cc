#include "common/net/meta_certificate.h"

#include <array>
#include <chrono>

#include <openssl/bn.h>

#include "common/base/hex.h"
#include "common/net/certificate_builder.h"

namespace derp::net {
namespace {

constexpr std::string_view kNamePrefix = "derpkey";  // Go: derp/derp_server.go
constexpr std::uint64_t kProtocolVersion = 2;
constexpr auto kHalfLife = std::chrono::hours(24 * 30);

Certificate Make(const NodePublic& server, EVP_PKEY* key, WallTime not_before, WallTime not_after) {
  Check(key != nullptr, "an Ed25519 key can be made");
  const std::string name = std::string(kNamePrefix) + EncodeHex(server.bytes());
  return CertificateBuilder()
      .Serial(kProtocolVersion)
      .Validity(not_before, not_after)
      .Subject(name, V_ASN1_PRINTABLESTRING)
      .IssuerIsSubject()
      .PublicKey(key)
      .BasicConstraints(false)
      .Sign(key, nullptr);
}

// The serial number when it fits in 8 bits.
std::optional<unsigned> SmallSerial(const X509* x509) {
  using BnPtr = OpenSslPtr<BIGNUM, BN_free>;
  const BnPtr serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), nullptr));
  if (!serial || BN_is_negative(serial.get()) != 0 || BN_num_bits(serial.get()) > 8) {
    return std::nullopt;
  }
  return static_cast<unsigned>(BN_get_word(serial.get()));
}

std::optional<MetaKey> ParseMeta(const Certificate& certificate) {
  const std::string name = certificate.SubjectCommonName();
  if (!name.starts_with(kNamePrefix)) return std::nullopt;
  std::array<std::uint8_t, kKeySize> raw{};
  if (!DecodeHexInto(std::string_view(name).substr(kNamePrefix.size()), raw)) return std::nullopt;
  const std::optional<unsigned> serial = SmallSerial(certificate.impl().x509.get());
  if (!serial) return std::nullopt;
  return MetaKey{.server = NodePublic(raw), .version = *serial};
}

}  // namespace

Certificate MakeMetaCertificateFrom(const NodePublic& server, ByteView seed, WallTime not_before,
                                    WallTime not_after) {
  const EvpPkeyPtr key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  return Make(server, key.get(), not_before, not_after);
}

Certificate MakeMetaCertificate(const NodePublic& server, WallTime now) {
  const EvpPkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return Make(server, key.get(), now - kHalfLife, now + kHalfLife);
}

std::optional<MetaKey> FindMetaKey(const CertificateChain& chain) {
  for (const Certificate& certificate : chain) {
    const std::optional<MetaKey> meta = ParseMeta(certificate);
    if (!meta) continue;
    // Only the first readable one counts; a zero key or version in it means no fast start.
    if (meta->server == NodePublic() || meta->version == 0) return std::nullopt;
    return meta;
  }
  return std::nullopt;
}

}  // namespace derp::net
