// Byte buffers of one worker that are lent to connections while they hold something.
#pragma once

#include <cstddef>
#include <vector>

#include "common/base/bytes.h"

namespace derp::relay {

// One thread. Keeps a bounded number of buffers of bounded size.
class BufferPool {
 public:
  // Gives `buffer` memory of its own if it has none.
  void Lend(Bytes& buffer) {
    if (buffer.capacity() != 0 || free_.empty()) return;
    buffer = std::move(free_.back());
    free_.pop_back();
  }

  // Takes the memory of an empty buffer back.
  void Return(Bytes& buffer) {
    if (buffer.capacity() == 0) return;
    if (buffer.capacity() <= kMaxBufferSize && free_.size() < kMaxBuffers) {
      buffer.clear();
      free_.push_back(std::move(buffer));
    }
    buffer = Bytes();
  }

 private:
  static constexpr std::size_t kMaxBuffers = 64;
  static constexpr std::size_t kMaxBufferSize = 256 * 1024;

  std::vector<Bytes> free_;
};

}  // namespace derp::relay
