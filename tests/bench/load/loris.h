// Connections that say one byte of a TLS handshake (or of a request head) at a time and never come
// to an end; one that is cut is opened anew. On a thread of its own.
#pragma once

#include <atomic>
#include <vector>

#include "common/net/fd.h"
#include "tests/bench/load/figures.h"
#include "tests/bench/load/options.h"
#include "tests/bench/load/poller.h"

namespace derp::load {

class Loris {
 public:
  // `options` outlives it.
  explicit Loris(const Options& options);
  void Run(const std::atomic<bool>& stop);
  const LorisFigures& figures() const { return figures_; }  // after Run()

 private:
  struct Drip {
    net::Fd fd;
    TimePoint opened;
    std::size_t said = 0;
  };

  void Open(std::size_t place, TimePoint now);
  void SayMore();
  void OnEvent(std::size_t place, TimePoint now);
  void Cut(std::size_t place, TimePoint now);

  const Options& options_;
  LorisFigures figures_;
  Poller poller_;
  Bytes words_;
  std::vector<Drip> drips_;
};

}  // namespace derp::load
