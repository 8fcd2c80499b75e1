// What a client on an event loop says to a relay and hears from it, above the stream and without
// I/O: upgrade and greeting (or fast start), login, then messages. Belongs to one connection.
#pragma once

#include <functional>
#include <optional>

#include "common/crypto/random.h"
#include "common/derp/client_login.h"
#include "common/derp/client_session.h"

namespace derp {

class ClientDialogue {
 public:
  struct Options {
    ClientIdentity identity;
    NodePublic own;                  // the public half of its key
    wire::UpgradeRequest request{};  // fast_start is set here
    // Asked before the login whether this is a relay to log in at; unset: every one is.
    std::function<std::optional<Error>(const NodePublic& server)> refuse{};
  };
  // Takes one message, which borrows; false when no more is wanted. What it appends to `out` is
  // sent.
  using Take = std::function<bool(const ServerMessage& message, Bytes& out)>;

  // `random` outlives the dialogue.
  ClientDialogue(Options options, RandomSource& random);

  // The first words, appended to `out`. With `server`, which the meta certificate told, the login
  // goes with them.
  std::optional<Error> Start(const std::optional<NodePublic>& server, Bytes& out);
  // Everything that came, whole frames or not.
  std::optional<Error> Feed(ByteView bytes, TimePoint now, Bytes& out, const Take& take);

  // From the moment ClientInfo is sent.
  const NodePublic& server() const { return session_->server(); }
  ClientSession::SendResult AppendPacket(Bytes& out, const NodePublic& to, ByteView packet,
                                         TimePoint now) {
    return session_->AppendPacket(out, to, packet, now);
  }

 private:
  std::optional<Error> LogIn(const NodePublic& server, bool fast_start, Bytes& out);
  std::optional<Error> FeedLogin(ByteView& input, Bytes& out);
  std::optional<Error> FeedSession(ByteView& input, TimePoint now, Bytes& out, const Take& take);

  Options options_;
  RandomSource& random_;
  std::optional<ClientLogin> login_;  // one of the two, once started
  std::optional<ClientSession> session_;
  Bytes input_;  // what is left of a cut frame
};

}  // namespace derp
