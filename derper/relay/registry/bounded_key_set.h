// A set of keys that never holds more than its limit: who comes when it is full takes the place of
// one that has been there for long. For keys that others can invent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "derper/relay/registry/hashed_key.h"

namespace derp::relay {

// Not thread-safe.
class BoundedKeySet {
 public:
  explicit BoundedKeySet(std::uint32_t limit) : limit_(limit) {}

  bool contains(const HashedKey& key) const { return places_.contains(key); }
  std::size_t size() const { return keys_.size(); }
  const std::vector<HashedKey>& keys() const { return keys_; }

  // A key that is not there yet. The answer is the one that had to go, if any.
  std::optional<HashedKey> Insert(const HashedKey& key) {
    if (keys_.size() < limit_) {
      places_.emplace(key, static_cast<std::uint32_t>(keys_.size()));
      keys_.push_back(key);
      return std::nullopt;
    }
    const std::uint32_t place = next_out_;
    next_out_ = (next_out_ + 1) % limit_;
    const HashedKey out = std::exchange(keys_[place], key);
    places_.erase(out);
    places_.emplace(key, place);
    return out;
  }

  // False when it was not there.
  bool Erase(const HashedKey& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return false;
    const std::uint32_t place = found->second;
    places_.erase(found);
    if (place + 1 != keys_.size()) {
      keys_[place] = keys_.back();
      places_[keys_[place]] = place;
    }
    keys_.pop_back();
    return true;
  }

 private:
  const std::uint32_t limit_;
  std::vector<HashedKey> keys_;
  std::unordered_map<HashedKey, std::uint32_t, HashedKeyHash> places_;  // index into keys_
  std::uint32_t next_out_ = 0;
};

}  // namespace derp::relay
