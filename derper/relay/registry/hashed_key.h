// A key together with its seeded hash, so that the hash is computed once per login or look-up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/crypto/keys.h"

namespace derp::relay {

struct HashedKey {
  NodePublic key;
  std::uint64_t hash = 0;

  bool operator==(const HashedKey& other) const { return hash == other.hash && key == other.key; }
};

struct HashedKeyHash {
  std::size_t operator()(const HashedKey& key) const { return key.hash; }
};

}  // namespace derp::relay
