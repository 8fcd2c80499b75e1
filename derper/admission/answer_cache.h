// Verdicts that hold for a moment, so that a storm of reconnects asks once per client.
#pragma once

#include <compare>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/socket_address.h"
#include "common/crypto/keys.h"
#include "derper/admission/verdict.h"

namespace derp::admission {

struct CacheKey {
  std::size_t method = 0;  // its number
  NodePublic key;
  IpAddress source;
  auto operator<=>(const CacheKey&) const = default;
};

// Any thread.
class AnswerCache {
 public:
  static constexpr std::size_t kMaxEntries = 10'000;
  static constexpr auto kAdmissionLife = std::chrono::seconds(10);
  static constexpr auto kRefusalLife = std::chrono::seconds(1);

  // Abstentions, and refusals for want of room, are not kept.
  void Put(const CacheKey& key, const Verdict& verdict, TimePoint now);
  std::optional<Verdict> Find(const CacheKey& key, TimePoint now) const;
  std::size_t size() const;

 private:
  struct Entry {
    Verdict verdict;
    TimePoint until;
  };
  struct Expiry {
    TimePoint until;
    CacheKey key;
  };
  void Forget(std::deque<Expiry>& order, TimePoint now) DERP_REQUIRES(mutex_);
  void ForgetOldest() DERP_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<CacheKey, Entry> entries_ DERP_GUARDED_BY(mutex_);
  // In the order in which they end, which within one kind is that of coming. An item whose entry
  // was renewed since is ignored.
  std::deque<Expiry> admissions_ DERP_GUARDED_BY(mutex_);
  std::deque<Expiry> refusals_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::admission
