// One connection to a relay for the tools: each step blocks until it is done or its deadline has
// passed, and can be called on its own, because a diagnosis walks them one by one. Not for the
// relay; one thread at a time. A failure is final, save a Receive() that merely timed out; a relay
// that hung up while something was sent is still heard: Receive() gives what it said before.
#pragma once

#include <memory>

#include "common/base/clock.h"
#include "common/crypto/random.h"
#include "common/derp/client_login.h"
#include "common/derp/client_session.h"
#include "common/net/byte_stream.h"

namespace derp {

struct BlockingClientOptions {
  ClientIdentity identity;
  wire::UpgradeRequest request{};  // path, Host, Ideal-Node; fast_start is set by the step taken
};

class BlockingClient {
 public:
  // `stream` is connected and, over TLS, already judged (peer_verification.h). `random` and `clock`
  // outlive the client.
  BlockingClient(std::unique_ptr<net::ByteStream> stream, BlockingClientOptions options,
                 RandomSource& random, const Clock& clock);

  // The normal way: Upgrade, ReadGreeting, Login, in this order.
  Expected<void, ClientFailure> Upgrade(TimePoint deadline);  // until the 101
  Expected<NodePublic, ClientFailure> ReadGreeting(TimePoint deadline);
  Expected<wire::ServerInfo, ClientFailure> Login(TimePoint deadline);  // until ServerInfo

  // The short way, when the meta certificate told the key: request and login leave in one write,
  // then this waits for ServerInfo. An HTTP answer is kUpgradeRefused here too.
  Expected<wire::ServerInfo, ClientFailure> FastStart(const NodePublic& server, TimePoint deadline);

  // After the login.
  Expected<ClientSession::SendResult, ClientFailure> Send(const NodePublic& destination,
                                                          ByteView packet, TimePoint deadline);
  // Send() in two parts, for several packets in one write: nothing leaves before Flush(), which
  // tells, too, when the connection is dead.
  ClientSession::SendResult Append(const NodePublic& destination, ByteView packet);
  Expected<void, ClientFailure> Flush(TimePoint deadline);
  Expected<void, ClientFailure> SendPing(const wire::PingData& data, TimePoint deadline);
  Expected<void, ClientFailure> SendPong(const wire::PingData& data, TimePoint deadline);
  // The next message, whatever it is; it borrows from the client until the next call. Time-outs
  // (kTransport with kTimeout) lose nothing: call again. KeepAlive comes every 60 s; a relay that
  // is silent for kClientReadTimeout is dead.
  Expected<ServerMessage, ClientFailure> Receive(TimePoint deadline);

  // Whether a Restarting was among what Receive() gave.
  bool told_restarting() const { return told_restarting_; }

  const NodePublic& key() const { return key_; }
  const NodePublic& server() const { return server_; }  // zero until known
  net::ByteStream& stream() { return *stream_; }

 private:
  Expected<void, ClientFailure> WriteAll(ByteView bytes, TimePoint deadline);
  // Reads at least one byte behind what is unread.
  Expected<void, ClientFailure> ReadMore(TimePoint deadline);
  Expected<void, ClientFailure> AdvanceLogin(ClientLogin::State until, TimePoint deadline);
  Expected<wire::ServerInfo, ClientFailure> StartSession(const NodePublic& server,
                                                         Bytes first_write, bool fast_start,
                                                         TimePoint deadline);
  Expected<wire::ServerInfo, ClientFailure> AwaitServerInfo(TimePoint deadline);
  Expected<ServerMessage, ClientFailure> NextMessage(TimePoint deadline);
  tl::unexpected<ClientFailure> Dead(ClientFailure failure);
  ByteView unread() const { return ByteView(input_).subspan(consumed_); }
  void Consume(ByteView rest) { consumed_ = input_.size() - rest.size(); }

  std::unique_ptr<net::ByteStream> stream_;
  BlockingClientOptions options_;
  RandomSource& random_;
  const Clock& clock_;
  NodePublic key_;
  NodePublic server_;
  ClientLogin login_;
  std::optional<ClientSession> session_;  // from the moment ClientInfo is sent
  Bytes unsent_;
  Bytes input_;
  std::size_t consumed_ = 0;
  bool told_restarting_ = false;
  std::optional<ClientFailure> unwritable_;  // what came before is still read, then it is dead
  std::optional<ClientFailure> dead_;
};

}  // namespace derp
