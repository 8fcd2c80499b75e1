// What is counted and logged when a peer is turned away (derper.md 9).
#include "derper/relay/connection/connection.h"
#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

// What happens to every relay on the Internet all day; the Go program keeps silent about it, too.
bool IsWorthALine(HandshakeFault fault, std::string_view why) {
  switch (fault) {
    case HandshakeFault::kClosed:
    case HandshakeFault::kTimeout:
    case HandshakeFault::kNotTls:
      return false;
    case HandshakeFault::kClientAlert:
      return why != "remote error: tls: bad certificate";
    default:
      return true;
  }
}

}  // namespace

void Connection::NoteHandshakeFault(HandshakeFault fault, std::string_view why) {
  worker_.counters().handshake_faults[static_cast<std::size_t>(fault)].Add();
  if (!IsWorthALine(fault, why)) return;
  worker_.cause_log().Info(fmt::format("handshake {}", FaultLabel(fault)),
                           "http: TLS handshake error from {}: {}", peer_.ToString(), why);
}

void Connection::NoteTlsFailure() {
  const net::TlsFailure& failure = transport_.tls()->failure();
  if (transport_.handshaking()) {
    NoteHandshakeFault(FaultOf(failure.cause), failure.text);
  } else {
    NotePeerFault(PeerFault::kTls, failure.text);
  }
}

void Connection::RefuseProtocol(PeerFault fault, std::string_view why) {
  if (doomed_) return;  // it was not the peer's fault
  NotePeerFault(fault, why);
  Doom();
}

void Connection::NotePeerFault(PeerFault fault, std::string_view why) {
  WorkerCounters& counters = worker_.counters();
  const auto index = static_cast<std::size_t>(fault);
  const bool logged_in = stage_ == Stage::kSession || stage_ == Stage::kAdmission;
  if (!logged_in) {
    counters.login_faults[index].Add();
  } else if (index < kSessionFaults) {
    counters.session_faults[index].Add();
  }
  const std::string key = session_ ? session_->key().key.ShortString() : "";
  worker_.cause_log().Info(fmt::format("{} {}", logged_in ? "session" : "login", FaultLabel(fault)),
                           "derp client {}{}: closing: {}", peer_.ToString(), key, why);
}

}  // namespace derp::relay
