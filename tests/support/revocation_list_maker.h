// Revocation lists as an authority makes them.
#pragma once

#include <string>
#include <vector>

#include "common/net/certificate.h"

namespace derp::test {

struct ListRequest {
  std::vector<net::Certificate> revoked{};
  WallTime this_update{};
  WallTime next_update{};
  std::string scope{};  // OpenSSL's syntax for the issuing distribution point; none when empty
  bool delta = false;
};

// In DER. Everything in it was revoked at `this_update`, its key being compromised.
std::string MakeRevocationList(const ListRequest& request, const net::Certificate& issuer,
                               const net::PrivateKey& key);

}  // namespace derp::test
