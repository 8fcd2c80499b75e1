// The client's way to a relay's key, without I/O: upgrade request, HTTP answer, ServerKey greeting
// (derp-protocol.md 3.2 to 3.5, 4.5). What follows the login is client_session.h.
#pragma once

#include <array>
#include <optional>

#include "common/base/bytes.h"
#include "common/crypto/box.h"
#include "common/crypto/keys.h"
#include "common/derp/client_failure.h"
#include "common/http/response_head.h"
#include "common/wire/login.h"
#include "common/wire/upgrade.h"

namespace derp {

// Who logs in, and what he asks for at once.
struct ClientIdentity {
  NodePrivate key;
  wire::ClientInfo info{};
  bool preferred = false;  // NotePreferred(true): this is the home connection
  bool watch = false;      // WatchConns; a relay closes those who lack its mesh key
};

using BoxNonce = std::array<std::uint8_t, kBoxNonceSize>;
BoxNonce RandomNonce(RandomSource& random);

// Appends ClientInfo and what the identity asks for. `own` is the public half of its key, `box` is
// between the two sides: both cost enough to be made once.
void AppendLogin(Bytes& out, const ClientIdentity& identity, const NodePublic& own,
                 const BoxKey& box, const BoxNonce& nonce);

// Reads a normal upgrade. In fast start there is nothing to wait for: UpgradeRequestText and
// AppendLogin go out together, and ClientSession reads what comes.
class ClientLogin {
 public:
  enum class State {
    kUpgrade,   // the HTTP answer has yet to come
    kGreeting,  // 101 came; ServerKey has yet to come
    kReady,     // server() is known: AppendLogin is next
    kFailed,    // failure() says why; for good
  };

  // Takes what belongs to the present state off the front of `input` and moves on by one state at
  // most: call again until the state and the input stand still.
  State Feed(ByteView& input);

  // The stream ended, or nobody waits any longer: an answer of which enough came to be named
  // becomes kUpgradeRefused, anything else stays as it is.
  State InputEnded(ByteView rest);

  State state() const { return state_; }
  const NodePublic& server() const { return server_; }
  const ClientFailure& failure() const { return failure_; }

 private:
  void FeedUpgrade(ByteView& input);
  void FeedGreeting(ByteView& input);
  void RefusedWith(ByteView body);
  void Fail(ClientFault fault, ErrorCode code, std::string context);

  State state_ = State::kUpgrade;
  std::optional<http::ResponseHead> refusal_;  // its body is still being read
  NodePublic server_;
  ClientFailure failure_;
};

// "HTTP 404 Not Found", with server and first words as far as known.
HttpAnswer MakeHttpAnswer(const http::ResponseHead& head, ByteView body);
ClientFailure RefusedUpgrade(HttpAnswer answer);

}  // namespace derp
