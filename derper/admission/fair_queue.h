// What waits, by who brought it: sources take turns, so that a flood from one delays only itself,
// and one of them never fills all places.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace derp::admission {

// One thread, or under its owner's lock.
template <typename Source, typename Item>
class FairQueue {
 public:
  FairQueue(std::size_t max_items, std::size_t max_per_source)
      : max_items_(max_items), max_per_source_(max_per_source) {}

  // False when there is no place.
  bool Add(const Source& source, Item item) {
    if (size_ >= max_items_) return false;
    std::deque<Item>& own = items_[source];
    if (own.size() >= max_per_source_) return false;
    if (own.empty()) turns_.push_back(source);
    own.push_back(std::move(item));
    ++size_;
    return true;
  }

  // The oldest of the source whose turn it is.
  std::optional<Item> Take() {
    if (turns_.empty()) return std::nullopt;
    const Source source = turns_.front();
    turns_.pop_front();
    const auto own = items_.find(source);
    Item item = std::move(own->second.front());
    own->second.pop_front();
    --size_;
    if (own->second.empty()) {
      items_.erase(own);
    } else {
      turns_.push_back(source);
    }
    return item;
  }

  // Out of turn: the oldest of `source`, if it has any.
  void DropOldest(const Source& source) {
    const auto own = items_.find(source);
    if (own == items_.end()) return;
    own->second.pop_front();
    --size_;
    if (!own->second.empty()) return;
    items_.erase(own);
    std::erase(turns_, source);
  }

  std::size_t size() const { return size_; }

 private:
  const std::size_t max_items_;
  const std::size_t max_per_source_;
  std::map<Source, std::deque<Item>> items_;  // of sources that have any
  std::deque<Source> turns_;
  std::size_t size_ = 0;
};

}  // namespace derp::admission
