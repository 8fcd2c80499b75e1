// One DERP client: TCP, TLS 1.3 or plain, upgrade, login, then packets. Runs on its thread's poller
// and buffers; takes no memory per packet. What a turn appends leaves with Tools::FlushAll(), one
// TLS record per frame and one write per connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "common/crypto/keys.h"
#include "common/derp/client_dialogue.h"
#include "common/net/fd.h"
#include "common/net/tls_session.h"
#include "tests/bench/load/poller.h"

namespace derp::load {

class Connection;

struct Server {
  SocketAddress address;
  std::string host;  // of the Host header and, where it is a name, SNI
  bool tls = true;
  std::size_t burst = 0;  // frames in one write; 0: all that a turn has
  std::string pin;        // SHA-256 of the certificate in hex; empty: any is taken
};

// What the connections of one thread share.
struct Tools {
  Tools();
  Poller poller;
  SystemRandom random;
  std::shared_ptr<const net::TlsClientContext> tls;
  Bytes received;  // one read
  Bytes plain;     // what it decrypts to
  Bytes frame;     // before it is encrypted
  Bytes replies;
  std::vector<Connection*> dirty;  // have something to send

  void FlushAll();
};

// Called from within Connection::OnEvents() and ReadSome(). Must neither send nor destroy.
class PacketTaker {
 public:
  virtual void OnPacket(const Connection& at, const NodePublic& source, ByteView packet,
                        TimePoint now) = 0;

 protected:
  ~PacketTaker() = default;
};

class Connection {
 public:
  // All references outlive it. `taker` may be null. `token` is what the poller gives back.
  Connection(Tools& tools, const Server& server, std::uint64_t token, PacketTaker* taker);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Start();
  void OnEvents(const epoll_event& event);

  // After the login. What the server does not take yet waits here: the caller looks at queued().
  ClientSession::SendResult Send(const NodePublic& to, ByteView packet, TimePoint now);
  void Flush();
  std::size_t queued() const { return out_.size() - sent_; }

  void StopReading();
  void ReadAgain();
  void ReadSome(std::size_t most);  // for those who stopped reading
  void ReleaseBuffers();            // for those who idle

  bool ready() const { return state_ == State::kReady; }
  bool broken() const { return state_ == State::kBroken; }
  const Error& error() const { return error_; }  // why it is broken
  const NodePublic& key() const { return key_; }
  std::uint64_t token() const { return token_; }
  std::string TlsText() const;  // "TLS 1.3 TLS_AES_128_GCM_SHA256", "plain"

 private:
  enum class State { kNew, kConnecting, kHandshake, kLogin, kReady, kBroken };

  void Receive(std::size_t most);
  void Decrypt(ByteView input);
  bool ContinueHandshake(ByteView& input);
  void StartLogin();
  bool Give(ByteView bytes);
  bool TakeMessage(const ServerMessage& message, TimePoint now, Bytes& out);
  void Append(ByteView plaintext);
  void MarkDirty();
  void Want(Wanted wanted);
  void Break(Error error);

  Tools& tools_;
  const Server& server_;
  const std::uint64_t token_;
  PacketTaker* const taker_;
  NodePublic key_;
  State state_ = State::kNew;
  bool dirty_ = false;
  Wanted wanted_;
  net::Fd fd_;
  std::optional<net::TlsSession> tls_;
  std::optional<ClientDialogue> dialogue_;
  Bytes out_;  // as it goes on the wire
  std::size_t sent_ = 0;
  std::size_t frames_ = 0;  // since the last write
  Error error_;
};

}  // namespace derp::load
