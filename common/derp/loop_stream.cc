#include "common/derp/loop_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace derp {
namespace {

constexpr std::size_t kReadSize = 32 * 1024;
constexpr std::size_t kRecordSize = 16 * 1024;  // the largest TLS record
constexpr int kReadsPerTurn = 2;                // so that one busy link does not hold the loop

// Forgets what was sent, once it is worth moving the rest.
void Compact(Bytes& buffer, std::size_t& sent) {
  if (sent == buffer.size()) {
    buffer.clear();
    sent = 0;
  } else if (sent > buffer.size() / 2) {
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(sent));
    sent = 0;
  }
}

}  // namespace

LoopStream::LoopStream(net::EventLoop& loop, net::Fd fd, std::optional<net::TlsSession> tls,
                       Events events, Duration write_timeout)
    : loop_(loop),
      fd_(std::move(fd)),
      tls_(std::move(tls)),
      events_(std::move(events)),
      write_timeout_(write_timeout),
      self_(std::make_shared<LoopStream*>(this)),
      stall_timer_(
          loop, [this] { Broken({.code = ErrorCode::kTimeout, .context = "write: i/o timeout"}); }),
      watcher_(loop, fd_.get(), [this](net::IoEvents events_now) {
        // A broken descriptor tells why when it is read.
        if (events_now.writable && !events_now.error && !Flush()) return;
        if (events_now.readable || events_now.error) OnReadable();
      }) {}

LoopStream::~LoopStream() { *self_ = nullptr; }

void LoopStream::Start() {
  watcher_.Want(true, false);
  loop_.Post([self = self_] {
    if (*self == nullptr) return;
    LoopStream& stream = **self;
    ByteView nothing;
    if (stream.tls_ ? stream.ContinueHandshake(nothing) : stream.Ready()) stream.Flush();
  });
}

void LoopStream::Write(ByteView bytes) {
  AppendBytes(plain_, bytes);
  ScheduleFlush();
}

void LoopStream::ScheduleFlush() {
  if (std::exchange(flush_scheduled_, true)) return;
  loop_.Post([self = self_] {
    if (*self == nullptr) return;
    (*self)->flush_scheduled_ = false;
    (*self)->Flush();
  });
}

void LoopStream::OnReadable() {
  std::array<std::uint8_t, kReadSize> buffer;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
      const auto size = static_cast<std::size_t>(count);
      if (!Receive(ByteView(buffer).first(size))) return;
      if (size < buffer.size()) break;
      continue;
    }
    if (count == 0) {
      Broken({.code = ErrorCode::kClosed, .context = "connection closed by the relay"});
      return;
    }
    if (errno == EAGAIN || errno == EINTR) break;
    Broken(SystemError("read", errno));
    return;
  }
  Flush();  // of what TLS itself had to say
}

bool LoopStream::Receive(ByteView bytes) { return tls_ ? Decrypt(bytes) : Give(bytes); }

bool LoopStream::Decrypt(ByteView bytes) {
  if (!ready_ && !ContinueHandshake(bytes)) return false;
  if (!ready_) return true;
  std::array<std::uint8_t, kRecordSize> plain;
  for (;;) {
    std::size_t count = 0;
    switch (tls_->Read(bytes, cipher_, plain, &count)) {
      case net::TlsStatus::kOk:
        if (!Give(ByteView(plain).first(count))) return false;
        break;
      case net::TlsStatus::kWantRead:
        return true;
      case net::TlsStatus::kClosed:
        return Broken({.code = ErrorCode::kClosed, .context = "connection closed by the relay"});
      case net::TlsStatus::kFailed:
        return Broken({.code = ErrorCode::kTls, .context = tls_->failure().text});
    }
  }
}

bool LoopStream::ContinueHandshake(ByteView& bytes) {
  while (!tls_->handshake_done()) {
    const net::TlsStatus status = tls_->Handshake(bytes, cipher_);
    if (status == net::TlsStatus::kFailed || status == net::TlsStatus::kClosed)
      return Broken({.code = ErrorCode::kTls, .context = tls_->failure().text});
    if (status == net::TlsStatus::kWantRead) return true;
  }
  return Ready();
}

bool LoopStream::Ready() {
  ready_ = true;
  const auto error = events_.ready();
  return error ? Broken(*error) : true;
}

bool LoopStream::Give(ByteView plaintext) {
  const auto error = events_.data(plaintext);
  return error ? Broken(*error) : true;
}

bool LoopStream::Flush() {
  if (dead_) return false;
  for (;;) {
    if (cipher_.empty() && !EncryptSome()) return false;
    if (cipher_.empty()) break;
    bool progress = false;
    if (!SendSome(&progress)) return false;
    if (progress) stall_timer_.Stop();
    if (cipher_.empty()) continue;
    if (!stall_timer_.active()) stall_timer_.Start(write_timeout_);
    watcher_.Want(true, true);
    return true;
  }
  watcher_.Want(true, false);
  return true;
}

bool LoopStream::EncryptSome() {
  if (!ready_ || plain_.empty()) return true;
  const ByteView rest = ByteView(plain_).subspan(plain_sent_);
  const ByteView chunk = rest.first(std::min(rest.size(), kRecordSize));
  if (!tls_) {
    AppendBytes(cipher_, chunk);
  } else if (tls_->Write(chunk, cipher_) == net::TlsStatus::kFailed) {
    return Broken({.code = ErrorCode::kTls, .context = tls_->failure().text});
  }
  plain_sent_ += chunk.size();
  Compact(plain_, plain_sent_);
  return true;
}

bool LoopStream::SendSome(bool* progress) {
  while (!cipher_.empty()) {
    const ByteView rest = ByteView(cipher_).subspan(cipher_sent_);
    const ssize_t count = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return true;
      return Broken(SystemError("write", errno));
    }
    *progress = *progress || count > 0;
    cipher_sent_ += static_cast<std::size_t>(count);
    Compact(cipher_, cipher_sent_);
  }
  return true;
}

bool LoopStream::Broken(Error error) {
  if (std::exchange(dead_, true)) return false;
  watcher_.Want(false, false);
  stall_timer_.Stop();
  const auto broken = std::move(events_.broken);
  broken(std::move(error));  // `this` may be gone afterwards
  return false;
}

}  // namespace derp
