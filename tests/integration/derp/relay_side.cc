#include "tests/integration/derp/relay_side.h"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <sys/socket.h>

#include "common/base/defaults.h"
#include "common/wire/upgrade.h"

namespace derp::test {
namespace {

TimePoint Soon() { return SystemClock().Now() + std::chrono::seconds(10); }

[[noreturn]] void Give(const std::string& what) { throw std::runtime_error("relay side: " + what); }

void SendAll(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno != EAGAIN || !net::WaitWritable(fd, Soon())) {
      Give("cannot send");
    }
  }
}

}  // namespace

TestTls MakeTestTls(const std::vector<std::string>& names, const std::optional<NodePublic>& meta,
                    net::TlsVersions versions) {
  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  const WallTime now = SystemClock().WallNow();
  const net::Certificate leaf = net::IssueCertificate({.common_name = names.front(),
                                                       .names = names,
                                                       .not_before = now - std::chrono::hours(1),
                                                       .not_after = now + std::chrono::hours(1)},
                                                      key, nullptr, key);
  net::TlsServerOptions options{.chain = {leaf},
                                .key = key,
                                .meta_certificate = std::nullopt,
                                .accept_sni = {},
                                .versions = versions};
  if (meta) options.meta_certificate = net::MakeMetaCertificate(*meta, now);
  return {.context = net::TlsServerContext::Make(std::move(options)).value(),
          .pem = net::ToPem(leaf),
          .sha256 = leaf.Sha256Hex()};
}

RelaySide::RelaySide(net::Fd fd, const std::shared_ptr<const net::TlsServerContext>& tls)
    : fd_(std::move(fd)) {
  if (tls) tls_ = net::TlsSession::Server(tls);
}

void RelaySide::Send(ByteView bytes) {
  if (!tls_) return SendAll(fd_.get(), bytes);
  while (!tls_->handshake_done())
    if (!ReadMore()) Give("no handshake");
  const MutexLock lock(*writing_);
  Bytes sealed;
  static_cast<void>(tls_->Write(bytes, sealed));
  SendAll(fd_.get(), sealed);
}

void RelaySide::SendText(std::string_view text) { Send(AsBytes(text)); }

bool RelaySide::ReadMore() {
  std::array<std::uint8_t, 16 * 1024> buffer;
  for (;;) {
    if (!net::WaitReadable(fd_.get(), Soon())) Give("the client is silent");
    const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET)) return false;
    if (count < 0) continue;
    Pump(ByteView(buffer).first(static_cast<std::size_t>(count)));
    return true;
  }
}

void RelaySide::Pump(ByteView received) {
  if (!tls_) return AppendBytes(plain_, received);
  const MutexLock lock(*writing_);
  Bytes output;
  if (!tls_->handshake_done()) {
    const net::TlsStatus status = tls_->Handshake(received, output);
    SendAll(fd_.get(), output);
    if (status == net::TlsStatus::kFailed) Give("handshake: " + tls_->failure().text);
    if (!tls_->handshake_done()) return;
    output.clear();
  }
  std::array<std::uint8_t, 16 * 1024> buffer;
  for (;;) {
    std::size_t count = 0;
    if (tls_->Read(received, output, buffer, &count) != net::TlsStatus::kOk) break;
    AppendBytes(plain_, ByteView(buffer).first(count));
  }
  SendAll(fd_.get(), output);
}

std::string RelaySide::ReadHead() {
  for (;;) {
    const std::size_t end = AsText(plain_).find("\r\n\r\n");
    if (end != std::string_view::npos) {
      const auto size = static_cast<std::ptrdiff_t>(end + 4);
      std::string head(AsText(plain_).substr(0, end + 4));
      plain_.erase(plain_.begin(), plain_.begin() + size);
      return head;
    }
    if (!ReadMore()) Give("no request");
  }
}

RelaySide::Received RelaySide::ReadFrame() {
  for (;;) {
    ByteView input(plain_);
    const auto frame = wire::TakeFrame(input, kMaxClientFrame);
    if (!frame) Give("the client sent an oversized frame");
    if (*frame) {
      Received received{(*frame)->type, {(*frame)->payload.begin(), (*frame)->payload.end()}};
      plain_.erase(plain_.begin(), plain_.end() - static_cast<std::ptrdiff_t>(input.size()));
      return received;
    }
    if (!ReadMore()) Give("the client left");
  }
}

bool RelaySide::AtEnd() {
  while (ReadMore()) {
  }
  return true;
}

wire::ReceivedClientInfo RelaySide::LogIn(const NodePrivate& server,
                                          const wire::ServerInfo& answer) {
  return LogInAfter(ReadHead(), server, answer);
}

wire::ReceivedClientInfo RelaySide::LogInAfter(std::string head, const NodePrivate& server,
                                               const wire::ServerInfo& answer) {
  head_ = std::move(head);
  Bytes greeting;
  if (head_.find("Derp-Fast-Start: 1\r\n") == std::string::npos)
    AppendText(greeting, wire::UpgradeReplyText(server.Public()));
  wire::AppendServerKey(greeting, server.Public());
  Send(greeting);
  const Received frame = ReadFrame();
  if (frame.type != wire::FrameType::kClientInfo) Give("no ClientInfo");
  auto info = wire::DecodeClientInfo(frame.payload, server).value();
  Send(wire::EncodeServerInfo(answer, server, info.key, {}).value());
  return info;
}

RelayListener::RelayListener(std::shared_ptr<const net::TlsServerContext> tls, const char* address)
    : fd_(net::ListenTcp(SocketAddress::Parse(address).value(), {}).value()),
      tls_(std::move(tls)) {}

RelaySide RelayListener::Accept() {
  if (!net::WaitReadable(fd_.get(), Soon())) Give("nobody connects");
  auto accepted = net::Accept(fd_.get(), {}).value();
  return {std::move(accepted.value().fd), tls_};
}

std::uint16_t RelayListener::port() const { return net::LocalAddress(fd_.get()).value().port; }

}  // namespace derp::test
