// A blocking, deadline-bounded byte stream over a connected TCP socket, with or without TLS: what
// the tools (derpprobe, netcheck) read and write. The relay does not use it. One thread at a time.
#pragma once

#include <memory>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/net/fd.h"
#include "common/net/tls_session.h"

namespace derp::net {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // At least one byte, or an error: kTimeout (reading may go on later), kClosed (the peer's end),
  // kReset, kTls …
  virtual Expected<std::size_t, Error> Read(ByteSpan out, TimePoint deadline) = 0;
  // All of it; after an error part of it may have gone out, and the stream is of no more use.
  virtual Expected<void, Error> Write(ByteView bytes, TimePoint deadline) = 0;
  // The socket below, for poll(); a TLS stream may hold decrypted bytes the socket does not show:
  // ask `buffered()` first.
  virtual int fd() const = 0;
  virtual bool buffered() const = 0;
  virtual const TlsSession* tls() const { return nullptr; }
};

std::unique_ptr<ByteStream> MakePlainStream(Fd fd);

// Runs the client's handshake, for protocols in which the client speaks first: with TLS 1.3 the end
// of the handshake leaves together with what is written first, and after 200 ms at the latest. The
// certificates are the caller's to judge (peer_verification.h). A failure tells, beside the error,
// how TLS failed, if TLS did. `ticket` as TlsSession::Client has it.
struct TlsHandshakeError {
  Error error;
  std::optional<TlsFailure> tls;
  Bytes first_bytes;  // what the peer sent first, at most 64 bytes: to tell HTTP or SSH from TLS
};
Expected<std::unique_ptr<ByteStream>, TlsHandshakeError> StartTls(
    Fd fd, std::shared_ptr<const TlsClientContext> context, std::string_view server_name,
    TimePoint deadline, const std::shared_ptr<const TlsTicket>& ticket = nullptr);

// The same handshake in two parts, for those who wait for many peers at once: what Start() sends
// goes out without waiting, then fd() becomes readable when the peer answers (or goes away), and
// only then is Finish() worth a thread.
class TlsHandshake {
 public:
  virtual ~TlsHandshake() = default;
  static std::unique_ptr<TlsHandshake> Start(Fd fd, std::shared_ptr<const TlsClientContext> context,
                                             std::string_view server_name);
  virtual int fd() const = 0;
  // Once. With a deadline that has passed it takes what is there.
  virtual Expected<std::unique_ptr<ByteStream>, TlsHandshakeError> Finish(TimePoint deadline) = 0;
};

}  // namespace derp::net
