// What the parts of relaying one frame cost on this machine, over a loopback connection: the
// receive call, decrypting a record of one frame, encrypting in shared records of 16 KiB, the send
// call.
#pragma once

#include <cstddef>
#include <vector>

namespace derp::limit {

// Microseconds per frame, medians.
struct Costs {
  std::size_t payload = 0;
  std::size_t frames = 0;  // in one receive and one send
  double receive = 0;
  double read = 0;   // SSL_read
  double write = 0;  // SSL_write
  double send = 0;

  double sum() const { return receive + read + write + send; }
};

// For payloads of 100, 1400 and 16,384 bytes: as many frames as a window of 16 gives, and as many
// as 64 KiB hold. Takes about a second.
std::vector<Costs> MeasureCosts();

}  // namespace derp::limit
