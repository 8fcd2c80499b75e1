// One connection's socket, with or without TLS: plaintext in and out over a non-blocking
// descriptor. At most one write is outstanding; what the socket does not take waits here.
#pragma once

#include <memory>
#include <optional>
#include <sys/types.h>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/net/fd.h"
#include "common/net/proxy_head.h"
#include "common/net/tls_session.h"
#include "derper/relay/queues/buffer_pool.h"

namespace derp::relay {

// Memory that all connections of a worker share, one at a time.
struct IoScratch {
  static constexpr std::size_t kSize = 64 * 1024;

  Bytes raw = Bytes(kSize);    // as received
  Bytes plain = Bytes(kSize);  // decrypted
  Bytes answer;                // ciphertext that reading produced
  Bytes cipher;                // records made before the last of a write
  Bytes unwrapped;             // content of WebSocket messages received
  Bytes wrapped;               // WebSocket messages being written
  BufferPool pool;
};

class PlainSink {
 public:
  virtual ~PlainSink() = default;
  // False: nobody wants any more.
  virtual bool OnPlain(ByteView bytes) = 0;
  // Before anything else, where a PROXY head is expected.
  virtual void OnProxyHead(const net::ProxyHead& head) = 0;
};

class Transport final : private net::RecordSink {
 public:
  enum class Status {
    kProgress,
    kWouldBlock,
    kEnded,        // orderly end of stream, or the sink wants no more
    kTlsFailed,    // see tls()->failure()
    kPlainHttp,    // a request in clear where TLS is spoken; it was told so, and all else is clear
    kNoProxyHead,  // the PROXY head that was expected did not come
    kFailed,       // the socket
  };

  // Without a context the connection is plain.
  Transport(net::Fd fd, std::shared_ptr<const net::TlsServerContext> context, bool proxied);

  int fd() const { return fd_.get(); }
  bool speaks_tls() const { return context_ || tls_; }
  const net::TlsSession* tls() const { return tls_ ? &*tls_ : nullptr; }  // from the first byte on
  bool handshaking() const { return speaks_tls() && !(tls_ && tls_->handshake_done()); }
  // Something came, but not the whole of the PROXY head that is expected.
  bool within_proxy_head() const { return proxy_head_ && proxy_head_->began(); }

  // One recv of at most `most` bytes, decrypted and handed to the sink.
  Status Receive(IoScratch& scratch, PlainSink& sink, TimePoint now, std::size_t most);

  // Encrypts and sends; not while blocked(). The view may be dropped afterwards.
  void Write(ByteView plaintext, IoScratch& scratch, TimePoint now);
  // Sends what waits.
  void Resume(IoScratch& scratch, TimePoint now);
  bool blocked() const { return !pending_.empty(); }
  bool failed() const { return failed_; }    // of sending
  bool drained() const { return drained_; }  // the last Receive() took all that was there

  // Ends our half: close_notify where there is TLS, then FIN. Only when nothing waits.
  void FinishWriting(IoScratch& scratch, TimePoint now);

  // For the write stall: when the socket last took something, and whether the peer acknowledged
  // anything since this was asked last. A crawling reader makes progress only in the latter sense.
  TimePoint last_progress() const { return last_progress_; }
  bool PeerTookSomething();
  // After FinishWriting(): everything was acknowledged, so closing loses nothing.
  bool PeerTookAll() const;

  // Bytes of the TCP connection so far, as the socket gave and took them.
  std::uint64_t wire_in() const { return wire_in_; }
  std::uint64_t wire_out() const { return wire_out_; }

  // Gives idle memory back.
  void ReleaseIdle(BufferPool& pool);

 private:
  Status TakeProxyHead(ByteView& input, PlainSink& sink);
  bool AnswersPlainHttp(ByteView input, Bytes& answer) const;
  Status Decrypt(ByteView input, IoScratch& scratch, PlainSink& sink, TimePoint now);
  void SendAnswer(IoScratch& scratch, TimePoint now);
  void OnRecord(ByteView record, bool is_last) override;
  void Send(ByteView bytes, BufferPool& pool, TimePoint now);
  // What was kept in `before`, then `bytes`.
  void SendBoth(Bytes& before, ByteView bytes, BufferPool& pool, TimePoint now);
  void Keep(ByteView bytes, BufferPool& pool, TimePoint now);
  // How much the kernel took; 0 also when it failed.
  std::size_t SendSome(ByteView bytes, TimePoint now);
  std::size_t Took(ssize_t result, TimePoint now);

  net::Fd fd_;
  std::optional<net::ProxyHeadReader> proxy_head_;        // until it is there
  std::shared_ptr<const net::TlsServerContext> context_;  // until something came
  std::optional<net::TlsSession> tls_;
  struct Writing {
    IoScratch& scratch;
    TimePoint now;
  };
  const Writing* writing_ = nullptr;  // while records are made
  Bytes pending_;                     // ciphertext from pending_sent_ on
  std::size_t pending_sent_ = 0;
  TimePoint last_progress_{};
  std::uint64_t wire_in_ = 0;
  std::uint64_t wire_out_ = 0;
  int unacknowledged_ = 0;  // SIOCOUTQ when it was asked last
  bool failed_ = false;
  bool drained_ = false;
};

}  // namespace derp::relay
