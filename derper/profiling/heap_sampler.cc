#include "derper/profiling/heap_sampler.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/file.h"

namespace derp::relay {
namespace {

constexpr std::size_t kProbes = 64;  // looked at before a place counts as not found
constexpr std::size_t kLongestMap = std::size_t{4} << 20;

bool Same(const HeapSampler::Stack& a, const HeapSampler::Stack& b) {
  return a.size == b.size &&
         std::equal(a.frames.begin(), a.frames.begin() + static_cast<std::ptrdiff_t>(a.size),
                    b.frames.begin());
}

}  // namespace

// Linear probing over a bounded stretch: a block that finds no place is left out of the sample.
HeapSampler::Block* HeapSampler::FindBlock(const void* block, const void* wanted) {
  const std::size_t start = Mix(block);
  for (std::size_t i = 0; i < kProbes; ++i) {
    Block& candidate = blocks_[(start + i) % kMostBlocks];
    if (candidate.address == wanted) return &candidate;
  }
  return nullptr;
}

// The place of a call stack; kMostSites when there is no room for a new one.
std::size_t HeapSampler::FindSite(const Stack& stack) {
  std::size_t hash = stack.size;
  for (std::size_t i = 0; i < stack.size; ++i) hash = hash * 31 + Mix(stack.frames[i]);
  for (std::size_t i = 0; i < kProbes; ++i) {
    const std::size_t at = (hash + i) % kMostSites;
    Site& site = sites_[at];
    if (site.stack.size == 0) {
      site.stack = stack;
      return at;
    }
    if (Same(site.stack, stack)) return at;
  }
  return kMostSites;
}

void HeapSampler::Add(const void* block, std::size_t size, const Stack& stack) {
  if (block == nullptr || stack.size == 0) return;
  const MutexLock lock(mutex_);
  const std::size_t at = FindSite(stack);
  if (at == kMostSites) return;
  Site& site = sites_[at];
  ++site.all_objects;
  site.all_bytes += size;
  Block* place = FindBlock(block, /*wanted=*/nullptr);
  if (place == nullptr) return;
  *place = {.address = block, .size = size, .site = static_cast<std::uint16_t>(at)};
  ++site.live_objects;
  site.live_bytes += size;
  marks_[MarkOf(block)].fetch_add(1, std::memory_order_relaxed);
}

void HeapSampler::ForgetMarked(const void* block) {
  const MutexLock lock(mutex_);
  Block* found = FindBlock(block, /*wanted=*/block);
  if (found == nullptr) return;
  Site& site = sites_[found->site];
  --site.live_objects;
  site.live_bytes -= found->size;
  *found = {};
  marks_[MarkOf(block)].fetch_sub(1, std::memory_order_relaxed);
}

std::string HeapSampler::Report() {
  // What is written here may itself be sampled, so the lock is held for copies of single sites
  // only.
  std::string lines;
  std::uint64_t live_objects = 0, live_bytes = 0, all_objects = 0, all_bytes = 0;
  for (std::size_t i = 0; i < kMostSites; ++i) {
    Site site;
    {
      const MutexLock lock(mutex_);
      site = sites_[i];
    }
    if (site.stack.size == 0) continue;
    live_objects += site.live_objects;
    live_bytes += site.live_bytes;
    all_objects += site.all_objects;
    all_bytes += site.all_bytes;
    lines += fmt::format("{:6}: {:8} [{:6}: {:8}] @", site.live_objects, site.live_bytes,
                         site.all_objects, site.all_bytes);
    for (std::size_t frame = 0; frame < site.stack.size; ++frame) {
      lines += fmt::format(" {}", site.stack.frames[frame]);
    }
    lines += '\n';
  }
  const auto map = ReadFile("/proc/self/maps", kLongestMap);
  return fmt::format(
      "heap profile: {:6}: {:8} [{:6}: {:8}] @ heap_v2/{}\n{}\nMAPPED_LIBRARIES:\n{}", live_objects,
      live_bytes, all_objects, all_bytes, kPeriod, lines, map ? *map : std::string());
}

}  // namespace derp::relay
