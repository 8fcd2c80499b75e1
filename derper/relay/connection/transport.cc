#include "derper/relay/connection/transport.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace derp::relay {

namespace {

// Stale data does not pile up in the kernel, where it can be neither dropped nor overtaken.
constexpr int kNotSentLowWater = 64 * 1024;
constexpr std::size_t kKeepCipher = 256 * 1024;
// What people get who forgot the s of https (derper.md 2.3).
constexpr std::string_view kSpeakTls =
    "HTTP/1.0 400 Bad Request\r\n\r\nThis port speaks HTTPS: use https://\n";

bool LooksLikeHttp(std::string_view input) {
  constexpr std::array<std::string_view, 8> kMethods = {
      "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT ", "PATCH "};
  return std::any_of(kMethods.begin(), kMethods.end(), [&](std::string_view method) {
    return !input.empty() && input.substr(0, method.size()) == method.substr(0, input.size());
  });
}

}  // namespace

Transport::Transport(net::Fd fd, std::shared_ptr<const net::TlsServerContext> context, bool proxied)
    : fd_(std::move(fd)), context_(std::move(context)) {
  if (proxied) proxy_head_.emplace();
  const int on = 1;
  setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd_.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kNotSentLowWater,
             sizeof(kNotSentLowWater));
}

Transport::Status Transport::Receive(IoScratch& scratch, PlainSink& sink, TimePoint now,
                                     std::size_t most) {
  const std::size_t room = std::min(most, scratch.raw.size());
  const ssize_t count = recv(fd_.get(), scratch.raw.data(), room, 0);
  drained_ = count < static_cast<ssize_t>(room);
  if (count == 0) return Status::kEnded;
  if (count < 0) {
    const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    return later ? Status::kWouldBlock : Status::kFailed;
  }
  ByteView input = ByteView(scratch.raw).first(static_cast<std::size_t>(count));
  if (proxy_head_) {
    const Status status = TakeProxyHead(input, sink);
    if (status != Status::kProgress || input.empty()) return status;
  }
  // A session takes several times the memory of all else here: who is silent gets none.
  if (context_) tls_ = net::TlsSession::Server(std::exchange(context_, nullptr));
  wire_in_ += input.size();
  if (!tls_) return sink.OnPlain(input) ? Status::kProgress : Status::kEnded;
  scratch.answer.clear();
  Status status = Decrypt(input, scratch, sink, now);
  if (status == Status::kTlsFailed && AnswersPlainHttp(input, scratch.answer)) {
    tls_.reset();
    status = Status::kPlainHttp;
  }
  SendAnswer(scratch, now);
  return status;
}

Transport::Status Transport::TakeProxyHead(ByteView& input, PlainSink& sink) {
  const auto head = proxy_head_->Take(input);
  if (!head) return Status::kNoProxyHead;
  if (!*head) return Status::kProgress;
  proxy_head_.reset();
  sink.OnProxyHead(**head);
  return Status::kProgress;
}

bool Transport::AnswersPlainHttp(ByteView input, Bytes& answer) const {
  const bool is_tls = tls_->failure().cause != net::TlsFailure::Cause::kNotTls;
  if (is_tls || !LooksLikeHttp(AsText(input))) return false;
  AppendText(answer, kSpeakTls);
  return true;
}

void Transport::SendAnswer(IoScratch& scratch, TimePoint now) {
  if (!scratch.answer.empty() && !failed_) Send(scratch.answer, scratch.pool, now);
  scratch.answer.clear();
}

Transport::Status Transport::Decrypt(ByteView input, IoScratch& scratch, PlainSink& sink,
                                     TimePoint now) {
  if (!tls_->handshake_done()) {
    switch (tls_->Handshake(input, scratch.answer)) {
      case net::TlsStatus::kOk:
        break;
      case net::TlsStatus::kWantRead:
        return Status::kProgress;
      case net::TlsStatus::kClosed:
        return Status::kEnded;
      case net::TlsStatus::kFailed:
        return Status::kTlsFailed;
    }
    if (!tls_->handshake_done()) return Status::kProgress;
  }
  while (true) {
    std::size_t count = 0;
    switch (tls_->Read(input, scratch.answer, scratch.plain, &count)) {
      case net::TlsStatus::kOk:
        // Records go out in the order they were made.
        SendAnswer(scratch, now);
        if (!sink.OnPlain(ByteView(scratch.plain).first(count))) return Status::kEnded;
        break;
      case net::TlsStatus::kWantRead:
        return Status::kProgress;
      case net::TlsStatus::kClosed:
        return Status::kEnded;
      case net::TlsStatus::kFailed:
        return Status::kTlsFailed;
    }
  }
}

void Transport::Write(ByteView plaintext, IoScratch& scratch, TimePoint now) {
  if (!tls_) {
    Send(plaintext, scratch.pool, now);
    return;
  }
  if (scratch.cipher.capacity() > kKeepCipher) scratch.cipher = Bytes();
  scratch.cipher.clear();
  const Writing writing{scratch, now};
  writing_ = &writing;
  if (tls_->Write(plaintext, *this) != net::TlsStatus::kOk) failed_ = true;
  writing_ = nullptr;
}

// The last record, often the only one, goes to the kernel from where it was made.
void Transport::OnRecord(ByteView record, bool is_last) {
  Bytes& before = writing_->scratch.cipher;
  if (!is_last) {
    AppendBytes(before, record);
    return;
  }
  SendBoth(before, record, writing_->scratch.pool, writing_->now);
  before.clear();
}

void Transport::SendBoth(Bytes& before, ByteView bytes, BufferPool& pool, TimePoint now) {
  if (before.empty() || blocked()) {
    if (!before.empty()) Send(before, pool, now);
    Send(bytes, pool, now);
    return;
  }
  std::array<iovec, 2> parts = {iovec{before.data(), before.size()},
                                iovec{const_cast<std::uint8_t*>(bytes.data()), bytes.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  std::size_t taken = Took(sendmsg(fd_.get(), &message, MSG_NOSIGNAL), now);
  for (const ByteView part : {ByteView(before), bytes}) {
    const std::size_t of_part = std::min(taken, part.size());
    taken -= of_part;
    Keep(part.subspan(of_part), pool, now);
  }
}

void Transport::Send(ByteView bytes, BufferPool& pool, TimePoint now) {
  if (!blocked() && !failed_) bytes = bytes.subspan(SendSome(bytes, now));
  Keep(bytes, pool, now);
}

void Transport::Keep(ByteView bytes, BufferPool& pool, TimePoint now) {
  if (bytes.empty() || failed_) return;
  if (!blocked()) {
    pool.Lend(pending_);
    last_progress_ = now;
    ioctl(fd_.get(), SIOCOUTQ, &unacknowledged_);
  }
  AppendBytes(pending_, bytes);
}

std::size_t Transport::SendSome(ByteView bytes, TimePoint now) {
  return Took(send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), now);
}

std::size_t Transport::Took(ssize_t result, TimePoint now) {
  if (result >= 0) {
    last_progress_ = now;
    wire_out_ += static_cast<std::size_t>(result);
    return static_cast<std::size_t>(result);
  }
  failed_ = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
  return 0;
}

void Transport::Resume(IoScratch& scratch, TimePoint now) {
  if (!blocked() || failed_) return;
  pending_sent_ += SendSome(ByteView(pending_).subspan(pending_sent_), now);
  if (pending_sent_ < pending_.size()) return;
  pending_sent_ = 0;
  pending_.clear();
  scratch.pool.Return(pending_);
}

void Transport::FinishWriting(IoScratch& scratch, TimePoint now) {
  if (tls_ && tls_->handshake_done()) {
    scratch.cipher.clear();
    tls_->Shutdown(scratch.cipher);
    SendSome(scratch.cipher, now);
  }
  shutdown(fd_.get(), SHUT_WR);
}

bool Transport::PeerTookSomething() {
  int now_unacknowledged = 0;
  if (ioctl(fd_.get(), SIOCOUTQ, &now_unacknowledged) != 0) return false;
  return now_unacknowledged < std::exchange(unacknowledged_, now_unacknowledged);
}

bool Transport::PeerTookAll() const {
  int unacknowledged = 0;
  return ioctl(fd_.get(), SIOCOUTQ, &unacknowledged) != 0 || unacknowledged == 0;
}

void Transport::ReleaseIdle(BufferPool& pool) {
  if (tls_) tls_->ReleaseBuffers();
  if (!blocked()) pool.Return(pending_);
}

}  // namespace derp::relay
