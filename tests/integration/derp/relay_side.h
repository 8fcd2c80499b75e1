// The relay's end of a connection, played by a test line by line: accept, log the client in, send
// and expect frames. Real loopback sockets, with or without TLS; every wait is bounded.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/mutex.h"
#include "common/crypto/keys.h"
#include "common/net/fd.h"
#include "common/net/sockets.h"
#include "common/net/tls_session.h"
#include "common/wire/frame.h"
#include "common/wire/login.h"

namespace derp::test {

// A certificate for the addresses and names given, its context with or without meta certificate,
// and what a client has to trust.
struct TestTls {
  std::shared_ptr<const net::TlsServerContext> context;
  std::string pem;
  std::string sha256;
};
TestTls MakeTestTls(const std::vector<std::string>& names, const std::optional<NodePublic>& meta,
                    net::TlsVersions versions = net::TlsVersions::kFrom12);

class RelaySide {
 public:
  RelaySide(net::Fd fd, const std::shared_ptr<const net::TlsServerContext>& tls);

  void Send(ByteView bytes);  // once logged in, from any thread
  void SendText(std::string_view text);
  // Up to the empty line; throws when it does not come.
  std::string ReadHead();
  struct Received {
    wire::FrameType type;
    Bytes payload;
  };
  Received ReadFrame();
  // Whether the client ended the stream, what it still sent being thrown away.
  bool AtEnd();
  void Close() { fd_.Close(); }

  // The upgrade as the client asked for it, ServerKey, ClientInfo, ServerInfo.
  wire::ReceivedClientInfo LogIn(const NodePrivate& server, const wire::ServerInfo& answer = {});
  wire::ReceivedClientInfo LogInAfter(std::string head, const NodePrivate& server,
                                      const wire::ServerInfo& answer = {});  // it was read
  const std::string& head() const { return head_; }

 private:
  bool ReadMore();  // false at the end
  void Pump(ByteView received);

  net::Fd fd_;
  std::optional<net::TlsSession> tls_;
  std::unique_ptr<Mutex> writing_ = std::make_unique<Mutex>();  // the TLS session and what it sends
  Bytes plain_;
  std::string head_;
};

class RelayListener {
 public:
  explicit RelayListener(std::shared_ptr<const net::TlsServerContext> tls = nullptr,
                         const char* address = "127.0.0.1:0");
  RelaySide Accept();
  std::uint16_t port() const;

 private:
  net::Fd fd_;
  std::shared_ptr<const net::TlsServerContext> tls_;
};

}  // namespace derp::test
