// Memory for large ClientInfo frames of peers nobody has identified yet: all of them together get a
// fixed amount, and who comes when it is used up is closed.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace derp::relay {

// Any thread. Outlives its shares.
class StrangerBudget {
 public:
  static constexpr std::size_t kTotal = 32 * 1024 * 1024;
  static constexpr std::size_t kFreeSize = 4 * 1024;  // up to here nobody asks

  class Share {
   public:
    Share() = default;
    Share(StrangerBudget& budget, std::size_t size) : budget_(&budget), size_(size) {}
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), size_(other.size_) {}
    Share& operator=(Share&& other) noexcept {
      Release();
      budget_ = std::exchange(other.budget_, nullptr);
      size_ = other.size_;
      return *this;
    }
    ~Share() { Release(); }

    void Release() {
      if (budget_ != nullptr) budget_->used_.fetch_sub(size_, std::memory_order_relaxed);
      budget_ = nullptr;
    }

   private:
    StrangerBudget* budget_ = nullptr;
    std::size_t size_ = 0;
  };

  explicit StrangerBudget(std::size_t total = kTotal) : total_(total) {}

  // False when not so much is left.
  bool Take(std::size_t size, Share& share) {
    if (used_.fetch_add(size, std::memory_order_relaxed) + size > total_) {
      used_.fetch_sub(size, std::memory_order_relaxed);
      return false;
    }
    share = Share(*this, size);
    return true;
  }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t total_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace derp::relay
