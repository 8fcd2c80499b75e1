#include "derper/admission/answer_cache.h"

namespace derp::admission {

void AnswerCache::Put(const CacheKey& key, const Verdict& verdict, TimePoint now) {
  if (verdict.outcome == Outcome::kAbstain || verdict.reason == Reason::kBusy) return;
  const bool admitted = verdict.outcome == Outcome::kAdmit;
  const TimePoint until = now + (admitted ? Duration(kAdmissionLife) : Duration(kRefusalLife));
  const MutexLock lock(mutex_);
  Forget(admissions_, now);
  Forget(refusals_, now);
  if (!entries_.contains(key) && entries_.size() >= kMaxEntries) ForgetOldest();
  entries_.insert_or_assign(key, Entry{.verdict = verdict, .until = until});
  (admitted ? admissions_ : refusals_).push_back({.until = until, .key = key});
}

std::optional<Verdict> AnswerCache::Find(const CacheKey& key, TimePoint now) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.until <= now) return std::nullopt;
  return found->second.verdict;
}

std::size_t AnswerCache::size() const {
  const MutexLock lock(mutex_);
  return entries_.size();
}

void AnswerCache::Forget(std::deque<Expiry>& order, TimePoint now) {
  while (!order.empty() && order.front().until <= now) {
    const auto found = entries_.find(order.front().key);
    if (found != entries_.end() && found->second.until <= now) entries_.erase(found);
    order.pop_front();
  }
}

// Refusals first: they are short-lived, and strangers can make many of them.
void AnswerCache::ForgetOldest() {
  for (std::deque<Expiry>* order : {&refusals_, &admissions_}) {
    while (!order->empty()) {
      const Expiry oldest = order->front();
      order->pop_front();
      const auto found = entries_.find(oldest.key);
      if (found == entries_.end() || found->second.until != oldest.until) continue;
      entries_.erase(found);
      return;
    }
  }
}

}  // namespace derp::admission
