// The client's side of STUN without sockets: which requests are under way, and what a datagram that
// arrived means for them. One Exchange serves one socket; it does not lock.
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/socket_address.h"
#include "common/stun/message.h"

namespace derp::stun {

enum class MatchKind {
  kAnswer,         // from the address that was asked
  kForeignSource,  // a right answer, but from another address or port; the request stays open
  kDuplicate,      // the request was answered before
  kUnknown,        // a success response to nobody's request
  kError,          // an error response (RFC 8489 14.8) to one of the requests
  kMalformed,      // not a readable success response
};
std::string_view MatchKindName(MatchKind kind);  // "answer", "foreign_source" …

struct Match {
  MatchKind kind = MatchKind::kMalformed;
  std::optional<TransactionId> id;  // whenever the datagram had one
  SocketAddress source;             // unmapped

  // kMalformed and kError:
  MessageError error = MessageError::kNotStun;

  // kAnswer, kForeignSource, kDuplicate; `target` for kError too:
  SocketAddress target;      // as it was asked, unmapped
  SocketAddress mapped;      // our own address as the server sees it, unmapped
  bool mapped_form = false;  // the server sent it as ::ffff:a.b.c.d
  Duration rtt{};            // since the last send of the request
  Duration since_first{};    // since its first send; more than rtt after a retransmission
  unsigned sends = 0;        // how often it was sent before this datagram
};

class Exchange {
 public:
  // Notes that a request went out, or went out again (same id).
  void Sent(const TransactionId& id, const SocketAddress& target, TimePoint at);

  Match Receive(ByteView datagram, const SocketAddress& source, TimePoint at);

  // Forgets a request; its answers become kUnknown.
  void Forget(const TransactionId& id) { requests_.erase(id); }

  std::size_t Open() const;  // requests without an answer

 private:
  struct Request {
    SocketAddress target;
    TimePoint first;
    TimePoint last;
    unsigned sends = 0;
    bool answered = false;
  };

  std::map<TransactionId, Request> requests_;
};

// The same host and port, mapped or not, whatever the zone's spelling.
bool SameEndpoint(const SocketAddress& a, const SocketAddress& b);

}  // namespace derp::stun
