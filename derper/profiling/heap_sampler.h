// Which living blocks of the heap were allocated where: a sample of about one per 512 KiB, so that
// watching costs next to nothing. Fed by the functions of malloc (malloc_hooks.cc); allocates
// nothing itself.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/mutex.h"

namespace derp::relay {

// Any thread. Large, and empty until used: meant to stand in zeroed memory for the whole run.
class HeapSampler {
 public:
  static constexpr std::size_t kPeriod = std::size_t{512} * 1024;  // mean bytes between samples
  static constexpr std::size_t kMostBlocks = 16384;  // living samples; 8 GiB on average
  static constexpr std::size_t kMostSites = 4096;    // distinct call stacks
  static constexpr std::size_t kDepth = 24;          // innermost frames kept

  struct Stack {
    std::array<void*, kDepth> frames{};
    std::size_t size = 0;
  };

  // `block` of `size` bytes came from there and is part of the sample.
  void Add(const void* block, std::size_t size, const Stack& stack);

  // A block is about to be freed: for most, one look says that it is not in the sample.
  void Forget(const void* block) {
    if (marks_[MarkOf(block)].load(std::memory_order_relaxed) != 0) ForgetMarked(block);
  }

  // gperftools' text: objects and bytes, now and ever, by call stack; then the memory map.
  std::string Report();

 private:
  static constexpr std::size_t kMarks = 16384;

  struct Block {
    const void* address = nullptr;  // null: free, or deleted
    std::size_t size = 0;
    std::uint16_t site = 0;
  };
  struct Site {
    Stack stack{};
    std::uint64_t live_objects = 0, live_bytes = 0;
    std::uint64_t all_objects = 0, all_bytes = 0;
  };

  static std::size_t Mix(const void* block) {
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    return static_cast<std::size_t>((address >> 4) * 0x9e3779b97f4a7c15U >> 32);
  }
  static std::size_t MarkOf(const void* block) { return Mix(block) % kMarks; }
  void ForgetMarked(const void* block);
  // In the stretch where `block` may be: the place that holds `wanted`, null meaning a free one.
  Block* FindBlock(const void* block, const void* wanted) DERP_REQUIRES(mutex_);
  std::size_t FindSite(const Stack& stack) DERP_REQUIRES(mutex_);

  // How many living samples share a mark.
  std::array<std::atomic<std::uint16_t>, kMarks> marks_{};
  Mutex mutex_;
  std::array<Block, kMostBlocks> blocks_ DERP_GUARDED_BY(mutex_){};
  std::array<Site, kMostSites> sites_ DERP_GUARDED_BY(mutex_){};
};

}  // namespace derp::relay
