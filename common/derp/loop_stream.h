// A connected client stream on an event loop, with or without TLS. Never blocks: what the peer does
// not take yet waits here and is encrypted late. Belongs to the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/event_loop.h"
#include "common/net/fd.h"
#include "common/net/tls_session.h"

namespace derp {

class LoopStream {
 public:
  struct Events {
    // The handshake is done; certificates can be judged. An error returned here or by `data` breaks
    // the stream as one of its own does. Neither may destroy the stream.
    std::function<std::optional<Error>()> ready;
    std::function<std::optional<Error>(ByteView)> data;  // plaintext, borrowed
    // The last call; may destroy the stream.
    std::function<void(Error)> broken;
  };

  // `loop` outlives the stream. `write_timeout`: how long the peer may take nothing at all.
  LoopStream(net::EventLoop& loop, net::Fd fd, std::optional<net::TlsSession> tls, Events events,
             Duration write_timeout);
  ~LoopStream();
  LoopStream(const LoopStream&) = delete;
  LoopStream& operator=(const LoopStream&) = delete;

  // Begins the handshake. All events come later, in turns of their own.
  void Start();

  // Queues; what one turn gathered leaves at its end. Limiting what waits is the caller's.
  void Write(ByteView bytes);
  // The same for an appender, which writes straight into the queue.
  template <typename Append>
  void WriteWith(Append append) {
    append(plain_);
    ScheduleFlush();
  }
  std::size_t queued() const { return plain_.size() - plain_sent_ + cipher_.size() - cipher_sent_; }

  const net::TlsSession* tls() const { return tls_ ? &*tls_ : nullptr; }

 private:
  void ScheduleFlush();
  void OnReadable();
  // False when the stream broke and may be gone.
  bool Receive(ByteView bytes);
  bool Decrypt(ByteView bytes);
  bool ContinueHandshake(ByteView& bytes);
  bool Ready();
  bool Give(ByteView plaintext);
  bool Flush();
  bool EncryptSome();
  bool SendSome(bool* progress);
  bool Broken(Error error);  // always false

  net::EventLoop& loop_;
  net::Fd fd_;
  std::optional<net::TlsSession> tls_;
  Events events_;
  Duration write_timeout_;
  std::shared_ptr<LoopStream*> self_;  // for posted tasks: null once the stream is gone
  bool flush_scheduled_ = false;
  bool ready_ = false;
  bool dead_ = false;
  Bytes plain_;
  std::size_t plain_sent_ = 0;  // already encrypted
  Bytes cipher_;
  std::size_t cipher_sent_ = 0;
  net::Timer stall_timer_;
  net::IoWatcher watcher_;  // of fd_: goes first
};

}  // namespace derp
