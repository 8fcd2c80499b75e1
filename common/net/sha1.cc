#include "common/net/sha1.h"

#include <openssl/evp.h>

#include "common/base/result.h"

namespace derp::net {

std::array<std::uint8_t, 20> Sha1(ByteView bytes) {
  std::array<std::uint8_t, 20> digest{};
  unsigned size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr);
  Check(done == 1 && size == digest.size(), "SHA-1 is not to be had");
  return digest;
}

}  // namespace derp::net
