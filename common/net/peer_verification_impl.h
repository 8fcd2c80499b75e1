// What RootStore holds. For the .cc files of this folder only.
#pragma once

#include "common/net/chain_cache.h"
#include "common/net/openssl_handles.h"
#include "common/net/peer_verification.h"

namespace derp::net {

struct RootStore::Impl {
  explicit Impl(X509StorePtr anchors) : store(std::move(anchors)) {}

  X509StorePtr store;  // locks itself while it loads from folders
  mutable ChainCache good;
};

}  // namespace derp::net
