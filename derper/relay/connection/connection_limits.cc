// What holds a connection back: its receive limits, and the PROXY head that has to come first.
#include <utility>

#include "derper/relay/connection/connection.h"
#include "derper/relay/worker.h"

namespace derp::relay {

bool Connection::MayHandle(const wire::FrameHeader& header) {
  if (std::exchange(pause_.paid, false)) return true;
  const Duration wait = limit_->Charge(header.length, worker_.Now());
  if (wait == Duration::zero()) return true;
  PauseFor(wait);
  return false;
}

// Packets only: who is above its quota keeps its connection and hears from others.
bool Connection::IsAboveQuota(const wire::Frame& frame) {
  if (frame.type != wire::FrameType::kSendPacket) return false;
  const ByteView packet = frame.payload.subspan(kKeySize);
  const bool disco = wire::LooksLikeDisco(packet);
  if (limit_->TakeQuota(packet.size(), disco, worker_.loop().WallNow())) return false;
  const PacketKind kind = disco ? PacketKind::kDisco : PacketKind::kOther;
  WorkerCounters& counters = worker_.counters();
  counters.packets_received.Add();
  counters.bytes_received.Add(packet.size());
  counters.received.of(kind).Add();
  return true;
}

void Connection::PauseFor(Duration wait) {
  pause_.on = true;
  pause_.until = worker_.Now() + wait;
  worker_.AddDeadline(self_, DeadlineKind::kPause, pause_.until);
}

// Every pause adds a deadline of its own, so an earlier one that was overtaken is simply ignored.
void Connection::OnPauseOver() {
  if (!paused() || worker_.Now() < pause_.until) return;
  const Duration wait = limit_->Continue(worker_.Now());
  wait == Duration::zero() ? GoOn() : PauseFor(wait);
}

void Connection::OnLimitsChanged() {
  if (doomed_ || !paused()) return;
  const Duration wait = limit_->Restart(worker_.Now());
  wait == Duration::zero() ? GoOn() : PauseFor(wait);
}

void Connection::GoOn() {
  pause_.on = false;
  pause_.paid = true;
  session_->BeginInput();
  if (!frames_.Resume(*this, worker_.pool()))
    RefuseProtocol(PeerFault::kFrame, "frame out of place");
  if (pause_.ended && !paused() && !doomed_) {
    if (websocket_) {
      EndWebSocket();
    } else {
      if (frames_.inside_payload())
        RefuseProtocol(PeerFault::kTruncated, "the stream ended within a frame");
      Doom();
    }
  }
  UpdateInterest();
}

void Connection::OnProxyHead(const net::ProxyHead& head) {
  if (head.client) peer_ = *head.client;
  http_->SetProxiedRemote(peer_);
}

void Connection::RefuseProxyHead() {
  worker_.counters().proxy_head_errors.Add();
  worker_.cause_log().Warn("proxy", "derp: {} is a proxy and sent no PROXY head: closed",
                           peer_.ToString());
  Doom();
}

}  // namespace derp::relay
