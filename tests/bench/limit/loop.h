// The featureless relay loop: what a TLS relay cannot do without, and nothing else. No registry, no
// queues, no fairness, no timers: each source has one destination, found when the pair was made.
// A packet is decrypted to where it will be encrypted from, and its header is changed in place.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/crypto/keys.h"
#include "common/net/fd.h"
#include "tests/bench/limit/session.h"

namespace derp::limit {

// A client that is logged in. It belongs to the thread that logs in, then to one loop.
struct Client {
  net::Fd fd;
  std::unique_ptr<Session> session;
  NodePublic key;
  Bytes rest;  // plaintext of a frame that is cut off
  Client* peer = nullptr;
  bool gone = false;
};

struct Pair {
  std::array<std::unique_ptr<Client>, 2> ends;
};

struct LoopCounts {
  std::uint64_t frames = 0;
  std::uint64_t reads = 0;
  std::uint64_t sends = 0;
  std::uint64_t waits = 0;
  std::uint64_t dropped = 0;  // a destination had more than it may keep
};

class Loop {
 public:
  // After a turn it sleeps for `gather` before it looks again; the limit proper does not.
  explicit Loop(Duration gather);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // From any thread.
  void Take(std::unique_ptr<Pair> pair);
  // Ends the thread; afterwards the counts may be read.
  void Stop();
  const LoopCounts& counts() const { return counts_; }

 private:
  void Run();
  void TakeNew();
  void Receive(Client& client);
  // All that was lent, behind `filled` bytes of plaintext. False when the session ended.
  bool Decrypt(Client& client, std::size_t& filled);
  void Pass(Client& client, std::size_t filled);
  void End(Client& client);
  void Bury();

  const Duration gather_;
  net::Fd epoll_;
  net::Fd wake_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Pair>> new_ DERP_GUARDED_BY(mutex_);
  std::atomic<bool> stop_ = false;
  std::vector<std::unique_ptr<Pair>> pairs_;
  bool any_gone_ = false;
  Bytes received_;
  Bytes plain_;
  LoopCounts counts_;
  std::thread thread_;
};

}  // namespace derp::limit
