// What RootStore holds. For the .cc files of this folder only.
#pragma once

#include "common/net/openssl_handles.h"
#include "common/net/peer_verification.h"

namespace derp::net {

struct RootStore::Impl {
  X509StorePtr store;  // locks itself while it loads from folders
};

}  // namespace derp::net
