#include "derper/profiling/heap_sampler.h"

#include <memory>

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

const void* At(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }

HeapSampler::Stack Stack(std::uintptr_t last) {
  HeapSampler::Stack stack;
  stack.frames[0] = reinterpret_cast<void*>(last);
  stack.frames[1] = reinterpret_cast<void*>(std::uintptr_t{0x401000});
  stack.size = 2;
  return stack;
}

TEST_CASE("living blocks are told by their call stack", "[derper][profiling]") {
  const auto sampler = std::make_unique<HeapSampler>();
  sampler->Add(At(0x1000), 100, Stack(0x402000));
  sampler->Add(At(0x2000), 50, Stack(0x402000));
  sampler->Add(At(0x3000), 7, Stack(0x403000));
  sampler->Forget(At(0x1000));
  sampler->Forget(At(0x1000));
  sampler->Forget(At(0x9000));
  const std::string report = sampler->Report();
  CHECK(report.starts_with("heap profile:      2:       57 [     3:      157] @ heap_v2/524288\n"));
  CHECK(report.find("     1:       50 [     2:      150] @ 0x402000 0x401000\n") !=
        std::string::npos);
  CHECK(report.find("     1:        7 [     1:        7] @ 0x403000 0x401000\n") !=
        std::string::npos);
  CHECK(report.find("\nMAPPED_LIBRARIES:\n") != std::string::npos);
}

TEST_CASE("more blocks and stacks than there is room for are left out", "[derper][profiling]") {
  const auto sampler = std::make_unique<HeapSampler>();
  for (std::uintptr_t i = 1; i <= 2 * HeapSampler::kMostBlocks; ++i) {
    sampler->Add(At(i * 64), 1, Stack(0x402000));
  }
  for (std::uintptr_t i = 1; i <= 2 * HeapSampler::kMostSites; ++i) {
    sampler->Add(At(0x10000000 + i * 64), 1, Stack(0x500000 + i * 16));
  }
  for (std::uintptr_t i = 1; i <= 2 * HeapSampler::kMostBlocks; ++i) sampler->Forget(At(i * 64));
  for (std::uintptr_t i = 1; i <= 2 * HeapSampler::kMostSites; ++i) {
    sampler->Forget(At(0x10000000 + i * 64));
  }
  CHECK(sampler->Report().starts_with("heap profile:      0:        0 ["));
}

}  // namespace
}  // namespace derp::relay
