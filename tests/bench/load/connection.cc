#include "tests/bench/load/connection.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <utility>

#include "common/net/sockets.h"

namespace derp::load {
namespace {

constexpr std::size_t kReceiveSize = 256 * 1024;
constexpr std::size_t kPlainSize = 64 * 1024;
constexpr std::size_t kLeastCompaction = 64 * 1024;

}  // namespace

Tools::Tools()
    : tls(net::TlsClientContext::Make(net::TlsVersions::kOnly13)),
      received(kReceiveSize),
      plain(kPlainSize) {}

void Tools::FlushAll() {
  for (std::size_t i = 0; i < dirty.size(); ++i) dirty[i]->Flush();
  dirty.clear();
}

Connection::Connection(Tools& tools, const Server& server, std::uint64_t token, PacketTaker* taker)
    : tools_(tools), server_(server), token_(token), taker_(taker) {
  ClientDialogue::Options options;
  options.identity.key = NodePrivate::Generate(tools.random);
  options.identity.info.can_ack_pings = true;
  key_ = options.own = options.identity.key.Public();
  options.request.host = server.host;
  dialogue_.emplace(std::move(options), tools.random);
}

Connection::~Connection() { std::erase(tools_.dirty, this); }

void Connection::Start() {
  auto fd = net::StartConnectTcp(server_.address);
  if (!fd) return Break(fd.error());
  fd_ = std::move(*fd);
  state_ = State::kConnecting;
  wanted_ = {.read = false, .write = true};
  tools_.poller.Add(fd_.get(), token_, wanted_);
}

void Connection::OnEvents(const epoll_event& event) {
  if (state_ == State::kConnecting) {
    if (auto done = net::CompleteConnect(fd_.get(), server_.address); !done) {
      return Break(done.error());
    }
    Want({.read = true, .write = false});
    if (!server_.tls) return StartLogin();
    state_ = State::kHandshake;
    tls_.emplace(net::TlsSession::Client(tools_.tls, server_.host));
    ByteView nothing;
    ContinueHandshake(nothing);
    return;
  }
  if (state_ == State::kBroken) return;
  // An error is learnt by reading, also where nobody wants to read.
  if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Receive(kReceiveSize);
  if ((event.events & EPOLLOUT) != 0 && state_ != State::kBroken) {
    Want({.read = wanted_.read, .write = false});
    MarkDirty();
  }
}

void Connection::StopReading() {
  if (state_ == State::kReady) Want({.read = false, .write = wanted_.write});
}

void Connection::ReadAgain() {
  if (state_ == State::kReady) Want({.read = true, .write = wanted_.write});
}

void Connection::ReadSome(std::size_t most) {
  if (state_ == State::kReady) Receive(std::min(most, kReceiveSize));
}

void Connection::Receive(std::size_t most) {
  const ssize_t count = ::recv(fd_.get(), tools_.received.data(), most, 0);
  if (count == 0) return Break({ErrorCode::kClosed, "connection closed by the server", 0});
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) Break(SystemError("read", errno));
    return;
  }
  const ByteView bytes = ByteView(tools_.received).first(static_cast<std::size_t>(count));
  if (tls_) {
    Decrypt(bytes);
  } else {
    Give(bytes);
  }
}

void Connection::Decrypt(ByteView input) {
  if (!tls_->handshake_done() && !ContinueHandshake(input)) return;
  for (;;) {
    std::size_t count = 0;
    const std::size_t before = out_.size();
    const net::TlsStatus status = tls_->Read(input, out_, tools_.plain, &count);
    if (out_.size() != before) MarkDirty();
    switch (status) {
      case net::TlsStatus::kOk:
        if (!Give(ByteView(tools_.plain).first(count))) return;
        break;
      case net::TlsStatus::kWantRead:
        return;
      case net::TlsStatus::kClosed:
        return Break({ErrorCode::kClosed, "TLS session closed by the server", 0});
      case net::TlsStatus::kFailed:
        return Break({ErrorCode::kTls, tls_->failure().text, 0});
    }
  }
}

bool Connection::ContinueHandshake(ByteView& input) {
  const net::TlsStatus status = tls_->Handshake(input, out_);
  if (!out_.empty()) MarkDirty();
  if (status == net::TlsStatus::kWantRead) return false;
  if (status != net::TlsStatus::kOk) {
    Break({ErrorCode::kTls, "TLS handshake: " + tls_->failure().text, 0});
    return false;
  }
  if (!server_.pin.empty()) {
    const auto chain = tls_->PeerCertificates();
    if (chain.empty() || chain.front().Sha256Hex() != server_.pin) {
      Break({ErrorCode::kTls, "the server's certificate is not the pinned one", 0});
      return false;
    }
  }
  StartLogin();
  return state_ == State::kLogin;
}

void Connection::StartLogin() {
  state_ = State::kLogin;
  tools_.replies.clear();
  if (auto error = dialogue_->Start(std::nullopt, tools_.replies)) return Break(std::move(*error));
  Append(tools_.replies);
}

bool Connection::Give(ByteView bytes) {
  tools_.replies.clear();
  const TimePoint now = SystemClock().Now();
  auto error = dialogue_->Feed(bytes, now, tools_.replies,
                               [this, now](const ServerMessage& message, Bytes& out) {
                                 return TakeMessage(message, now, out);
                               });
  if (error) {
    Break(std::move(*error));
    return false;
  }
  if (!tools_.replies.empty()) Append(tools_.replies);
  return true;
}

bool Connection::TakeMessage(const ServerMessage& message, TimePoint now, Bytes& out) {
  if (const auto* packet = std::get_if<wire::RecvPacket>(&message)) {
    if (taker_ != nullptr) taker_->OnPacket(*this, packet->source, packet->packet, now);
  } else if (const auto* ping = std::get_if<Ping>(&message)) {
    wire::AppendPong(out, ping->data);
  } else if (std::holds_alternative<wire::ServerInfo>(message) && state_ == State::kLogin) {
    state_ = State::kReady;
  }
  return true;
}

ClientSession::SendResult Connection::Send(const NodePublic& to, ByteView packet, TimePoint now) {
  tools_.frame.clear();
  const auto result = dialogue_->AppendPacket(tools_.frame, to, packet, now);
  if (result != ClientSession::SendResult::kAppended) return result;
  Append(tools_.frame);
  if (++frames_ == server_.burst) Flush();
  return result;
}

void Connection::Append(ByteView plaintext) {
  if (!tls_) {
    AppendBytes(out_, plaintext);
  } else if (tls_->Write(plaintext, out_) == net::TlsStatus::kFailed) {
    return Break({ErrorCode::kTls, tls_->failure().text, 0});
  }
  MarkDirty();
}

void Connection::MarkDirty() {
  if (std::exchange(dirty_, true)) return;
  tools_.dirty.push_back(this);
}

void Connection::Flush() {
  dirty_ = false;
  frames_ = 0;
  // A full socket says itself when there is room.
  if (!fd_.valid() || state_ == State::kBroken || wanted_.write) return;
  while (sent_ < out_.size()) {
    const ssize_t count = ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (count >= 0) {
      sent_ += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return Break(SystemError("write", errno));
    if (sent_ >= kLeastCompaction && sent_ >= out_.size() / 2) {
      out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent_));
      sent_ = 0;
    }
    return Want({.read = wanted_.read, .write = true});
  }
  out_.clear();
  sent_ = 0;
}

void Connection::ReleaseBuffers() {
  if (tls_) tls_->ReleaseBuffers();
  if (out_.empty()) out_ = Bytes();
}

std::string Connection::TlsText() const {
  if (!tls_) return "plain";
  return "TLS " + std::string(tls_->version()) + " " + std::string(tls_->cipher());
}

void Connection::Want(Wanted wanted) {
  if (wanted == wanted_) return;
  wanted_ = wanted;
  tools_.poller.Change(fd_.get(), token_, wanted);
}

void Connection::Break(Error error) {
  if (state_ == State::kBroken) return;
  state_ = State::kBroken;
  error_ = std::move(error);
  fd_.Close();
  out_ = Bytes();
  sent_ = 0;
}

}  // namespace derp::load
