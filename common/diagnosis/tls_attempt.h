// One TLS handshake of a walk: a worker sends the ClientHello, the poll loop waits for the peer's
// first byte, and a worker finishes what has begun. A peer that stays silent holds no thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/diagnosis/hello_gate.h"
#include "common/diagnosis/poll_loop.h"
#include "common/diagnosis/worker_pool.h"
#include "common/net/byte_stream.h"

namespace derp::diagnosis {

// Where a walk waits and where it works. All of it outlives what is started in them.
struct Engine {
  const Clock& clock;
  PollLoop& loop;
  WorkerPool& pool;
  HelloGate& gate;
};

struct TlsAttempt {
  Expected<std::unique_ptr<net::ByteStream>, net::TlsHandshakeError> stream;
  Duration took{};    // waiting for a worker does not count
  Duration queued{};  // that waiting: a deadline of the walk moves by as much
};

// `fd` is connected. `done` is called once, in a worker, unless the engine is stopped before.
void StartTlsAttempt(const Engine& engine, net::Fd fd,
                     std::shared_ptr<const net::TlsClientContext> context, std::string server_name,
                     Duration limit, std::function<void(TlsAttempt)> done);

}  // namespace derp::diagnosis
