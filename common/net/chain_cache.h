// Chains that led to an anchor, so that a prober that meets the same ones every round, or one
// certificate on many relays, reckons their signatures once. Only what was good is kept. Any
// thread. For the .cc files of this folder only.
#pragma once

#include <array>
#include <map>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/net/certificate.h"

namespace derp::net {

class ChainCache {
 public:
  // The certificates that can take part in a chain, by their SHA-256.
  using Id = std::array<std::uint8_t, 32>;
  static Id IdOf(const CertificateChain& presented);

  bool Holds(const Id& id, WallTime now) const;
  // Good from `from` to `to`: where the dates of all certificates on the way overlap.
  void Add(const Id& id, WallTime from, WallTime to);

 private:
  struct Span {
    WallTime from;
    WallTime to;
  };
  static constexpr std::size_t kMost = 4096;  // 100 bytes each

  mutable Mutex mutex_;
  std::map<Id, Span> good_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::net
