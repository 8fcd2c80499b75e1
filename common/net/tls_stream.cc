// ByteStream over TLS, and the client's handshake on a socket.
#include <algorithm>

#include "common/net/byte_stream.h"
#include "common/net/stream_io.h"

namespace derp::net {
namespace {

constexpr std::size_t kReceiveSize = 17 * 1024;  // one TLS record of the largest kind
constexpr std::size_t kWritePiece = 64 * 1024;   // plaintext encrypted at once
constexpr std::size_t kShownFirstBytes = 64;
constexpr std::size_t kRecordHead = 5;

class TlsStream final : public ByteStream {
 public:
  TlsStream(Fd fd, TlsSession session) : fd_(std::move(fd)), session_(std::move(session)) {}
  ~TlsStream() override {
    outgoing_.clear();
    session_.Shutdown(outgoing_);
    static_cast<void>(SendWithoutWaiting(fd_.get(), outgoing_));  // last words
  }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // The ClientHello, as far as it goes without waiting.
  void SendHello();
  Expected<void, TlsHandshakeError> Handshake(TimePoint deadline);

  Expected<std::size_t, Error> Read(ByteSpan out, TimePoint deadline) override;
  Expected<void, Error> Write(ByteView bytes, TimePoint deadline) override;
  int fd() const override { return fd_.get(); }
  bool buffered() const override;
  const TlsSession* tls() const override { return &session_; }

 private:
  Expected<void, Error> Receive(TimePoint deadline);
  Expected<void, Error> Flush(TimePoint deadline, AfterSend after = AfterSend::kNothing);
  Error TlsError() const { return Error{ErrorCode::kTls, session_.failure().text, 0}; }

  Fd fd_;
  TlsSession session_;
  Bytes received_;    // empty until something is received: many streams wait for their first byte
  ByteView pending_;  // of received_: not yet taken by the session
  Bytes outgoing_;
};

void TlsStream::SendHello() {
  if (session_.Handshake(pending_, outgoing_) != TlsStatus::kWantRead) return;
  const auto sent = SendWithoutWaiting(fd_.get(), outgoing_);
  outgoing_.erase(outgoing_.begin(), outgoing_.begin() + static_cast<std::ptrdiff_t>(sent));
  session_.ReleaseBuffers();  // hundreds may wait for their first byte
}

Expected<void, Error> TlsStream::Receive(TimePoint deadline) {
  received_.resize(kReceiveSize);
  const auto count = ReceiveSome(fd_.get(), received_, deadline);
  if (!count) return Fail(count.error());
  pending_ = ByteView(received_).first(*count);
  return {};
}

Expected<void, Error> TlsStream::Flush(TimePoint deadline, AfterSend after) {
  if (outgoing_.empty()) return {};
  auto sent = SendAll(fd_.get(), outgoing_, deadline, after);
  outgoing_.clear();
  return sent;
}

Expected<void, TlsHandshakeError> TlsStream::Handshake(TimePoint deadline) {
  Bytes first_bytes;
  for (;;) {
    const TlsStatus status = session_.Handshake(pending_, outgoing_);
    // In TLS 1.3 the peer answers nothing to the last flight, and here the client speaks first: one
    // packet does for both.
    const bool last = status == TlsStatus::kOk && session_.is_tls13();
    const auto sent = Flush(deadline, last ? AfterSend::kMoreFollows : AfterSend::kNothing);
    if (status == TlsStatus::kFailed) {
      return Fail(TlsHandshakeError{TlsError(), session_.failure(), std::move(first_bytes)});
    }
    if (status == TlsStatus::kClosed) {
      const Error closed{ErrorCode::kClosed, "EOF", 0};
      return Fail(TlsHandshakeError{closed, std::nullopt, std::move(first_bytes)});
    }
    if (!sent) return Fail(TlsHandshakeError{sent.error(), std::nullopt, std::move(first_bytes)});
    if (status == TlsStatus::kOk) return {};

    if (const auto received = Receive(deadline); !received) {
      return Fail(TlsHandshakeError{received.error(), std::nullopt, std::move(first_bytes)});
    }
    const std::size_t room = kShownFirstBytes - first_bytes.size();
    AppendBytes(first_bytes, pending_.first(std::min(room, pending_.size())));
  }
}

Expected<std::size_t, Error> TlsStream::Read(ByteSpan out, TimePoint deadline) {
  if (out.empty()) return 0;
  for (;;) {
    std::size_t count = 0;
    const TlsStatus status = session_.Read(pending_, outgoing_, out, &count);
    const auto sent = Flush(deadline);  // an alert, or the answer to a key update
    if (status == TlsStatus::kOk) return count;
    if (status == TlsStatus::kFailed) return Fail(TlsError());
    if (status == TlsStatus::kClosed) return Fail(Error{ErrorCode::kClosed, "EOF", 0});
    if (!sent) return Fail(sent.error());
    if (const auto received = Receive(deadline); !received) return Fail(received.error());
  }
}

Expected<void, Error> TlsStream::Write(ByteView bytes, TimePoint deadline) {
  while (!bytes.empty()) {
    const ByteView piece = bytes.first(std::min(kWritePiece, bytes.size()));
    if (session_.Write(piece, outgoing_) == TlsStatus::kFailed) return Fail(TlsError());
    if (const auto sent = Flush(deadline); !sent) return Fail(sent.error());
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

// Left-over ciphertext starts with a record's head; only a whole record can be decrypted.
bool TlsStream::buffered() const {
  if (session_.has_plaintext()) return true;
  if (pending_.size() < kRecordHead) return false;
  return pending_.size() >= kRecordHead + LoadU16Be(pending_.data() + kRecordHead - 2);
}

class StartedHandshake final : public TlsHandshake {
 public:
  explicit StartedHandshake(std::unique_ptr<TlsStream> stream) : stream_(std::move(stream)) {}
  int fd() const override { return stream_->fd(); }
  Expected<std::unique_ptr<ByteStream>, TlsHandshakeError> Finish(TimePoint deadline) override {
    if (auto done = stream_->Handshake(deadline); !done) return Fail(std::move(done.error()));
    return std::unique_ptr<ByteStream>(std::move(stream_));
  }

 private:
  std::unique_ptr<TlsStream> stream_;
};

}  // namespace

std::unique_ptr<TlsHandshake> TlsHandshake::Start(Fd fd,
                                                  std::shared_ptr<const TlsClientContext> context,
                                                  std::string_view server_name) {
  auto stream = std::make_unique<TlsStream>(std::move(fd),
                                            TlsSession::Client(std::move(context), server_name));
  stream->SendHello();
  return std::make_unique<StartedHandshake>(std::move(stream));
}

Expected<std::unique_ptr<ByteStream>, TlsHandshakeError> StartTls(
    Fd fd, std::shared_ptr<const TlsClientContext> context, std::string_view server_name,
    TimePoint deadline, const std::shared_ptr<const TlsTicket>& ticket) {
  auto stream = std::make_unique<TlsStream>(
      std::move(fd), TlsSession::Client(std::move(context), server_name, ticket));
  if (auto done = stream->Handshake(deadline); !done) return Fail(std::move(done.error()));
  return std::unique_ptr<ByteStream>(std::move(stream));
}

}  // namespace derp::net
