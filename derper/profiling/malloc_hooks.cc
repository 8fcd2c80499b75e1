// malloc and its kin in front of glibc's own: the same memory, and a sample of it is noted. The one
// place with a global object: there is one heap. Linked into the program only, not under
// sanitizers.
#include <cerrno>
#include <cstdlib>
#include <execinfo.h>
#include <iterator>

#include "derper/profiling/heap_profile.h"
#include "derper/profiling/heap_sampler.h"

// glibc's allocator under its second names, as its own hooks use them.
extern "C" {
void* __libc_malloc(std::size_t size);                     // NOLINT
void* __libc_calloc(std::size_t count, std::size_t size);  // NOLINT
void* __libc_realloc(void* block, std::size_t size);       // NOLINT
void __libc_free(void* block);                             // NOLINT
}

namespace derp::relay {
namespace {

constinit HeapSampler heap_sampler;

// Frames of this file, which say nothing.
constexpr int kOwnFrames = 2;

struct ThreadState {
  std::int64_t left = static_cast<std::int64_t>(HeapSampler::kPeriod);  // bytes to the next sample
  std::uint64_t random = 0;
  bool inside = false;  // taking a stack may allocate
};
constinit thread_local ThreadState thread_state;

// Exponentially distributed with the period as mean, so that no rhythm of allocations hides; by a
// rational approximation of the logarithm, since this runs inside malloc.
std::int64_t NextDistance(ThreadState& state) {
  if (state.random == 0) state.random = reinterpret_cast<std::uintptr_t>(&state) | 1U;
  state.random ^= state.random << 13;
  state.random ^= state.random >> 7;
  state.random ^= state.random << 17;
  const double unit = (static_cast<double>(state.random >> 11) + 1) / 9007199254740993.0;
  return static_cast<std::int64_t>(-__builtin_log(unit) *
                                   static_cast<double>(HeapSampler::kPeriod)) +
         1;
}

__attribute__((noinline)) void Sample(ThreadState& state, const void* block, std::size_t size) {
  state.left = NextDistance(state);
  if (state.inside) return;
  state.inside = true;
  void* frames[HeapSampler::kDepth + kOwnFrames];
  const int count = ::backtrace(frames, static_cast<int>(std::size(frames)));
  HeapSampler::Stack stack;
  for (int i = kOwnFrames; i < count; ++i) {
    stack.frames[stack.size++] = frames[i];
  }
  heap_sampler.Add(block, size, stack);
  state.inside = false;
}

inline void Note(const void* block, std::size_t size) {
  ThreadState& state = thread_state;
  state.left -= static_cast<std::int64_t>(size);
  if (state.left < 0 && block != nullptr) [[unlikely]] {
    Sample(state, block, size);
  }
}

}  // namespace

Expected<std::string, Error> HeapProfile() { return heap_sampler.Report(); }

}  // namespace derp::relay

extern "C" {

void* malloc(std::size_t size) noexcept {
  void* block = __libc_malloc(size);
  derp::relay::Note(block, size);
  return block;
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  void* block = __libc_calloc(count, size);
  derp::relay::Note(block, count * size);
  return block;
}

void* realloc(void* old, std::size_t size) noexcept {
  if (old != nullptr) derp::relay::heap_sampler.Forget(old);
  void* block = __libc_realloc(old, size);
  derp::relay::Note(block, size);
  return block;
}

void free(void* block) noexcept {
  if (block == nullptr) return;
  const int saved = errno;  // as glibc's free keeps it
  derp::relay::heap_sampler.Forget(block);
  errno = saved;
  __libc_free(block);
}

}  // extern "C"
