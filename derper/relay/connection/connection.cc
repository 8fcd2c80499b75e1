#include "derper/relay/connection/connection.h"

#include <algorithm>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

constexpr int kReadsPerTurn = 2;
// Of a source whose frames may have to wait: what is read ahead waits in memory.
constexpr std::size_t kLimitedReadSize = 16 * 1024;
// Output rounds of 64 KiB that one connection gets before the others have their turn.
constexpr int kRoundsPerTurn = 4;
constexpr auto kIdleAfter = std::chrono::milliseconds(500);
constexpr auto kSettled = std::chrono::milliseconds(250);  // what was sent last is acknowledged
// For a client that reads a streamed answer, perhaps a person who stopped the screen.
constexpr auto kStreamStall = std::chrono::seconds(30);
constexpr int kStallChecks = 4;
constexpr auto kDrainedCheck = std::chrono::milliseconds(20);
constexpr auto kRestartTryFor = std::chrono::seconds(10);
// For those who are logging in when the relay stops, and for a client to hang up first.
constexpr auto kStopLogin = std::chrono::milliseconds(500);
constexpr auto kStopLinger = std::chrono::milliseconds(200);

}  // namespace

Connection::Connection(Worker& worker, ConnectionRef self, Incoming incoming)
    : worker_(worker),
      self_(self),
      peer_(std::move(incoming.peer)),
      listener_(worker.options().listeners[incoming.listener]),
      transport_(std::move(incoming.fd), std::move(incoming.tls_context), incoming.proxied),
      io_(worker.loop(), transport_.fd(), [this](net::IoEvents events) { OnIo(events); }),
      http_(std::in_place, peer_, transport_.speaks_tls()) {
  SetDeadline(worker.options().login_timeout);
  UpdateInterest();
}

Connection::~Connection() {
  EndRequest();
  session_.reset();
  frames_.Release(worker_.pool());
}

void Connection::OnIo(net::IoEvents events) {
  if (doomed_) return;
  if (events.error && transport_.handshaking()) {
    NoteHandshakeFault(HandshakeFault::kClosed, "reset");  // not worth a step of the handshake
    Doom();
    return;
  }
  if (events.writable || events.error) {
    more_to_write_ = false;
    transport_.Resume(worker_.scratch(), worker_.Now());
    Flush();
  }
  if ((events.readable || events.error) && !doomed_) {
    if (transport_.handshaking()) {
      read_put_off_ = true;
      worker_.PutOffHandshake(self_);
    } else {
      Read(kReadsPerTurn);
    }
  }
  UpdateInterest();
}

void Connection::ContinueHandshake() {
  if (doomed_) return;
  read_put_off_ = false;
  Read(1);
  UpdateInterest();
}

void Connection::Read(int times) {
  NoteActivity();
  const std::size_t most = limit_ && limit_->limits_rate() ? kLimitedReadSize : IoScratch::kSize;
  for (int i = 0; i < times && !doomed_ && !read_put_off_ && !owes_reply() && !paused(); ++i) {
    if (session_) session_->BeginInput();
    switch (transport_.Receive(worker_.scratch(), *this, worker_.Now(), most)) {
      case Transport::Status::kProgress:
        break;
      case Transport::Status::kWouldBlock:
        return;
      case Transport::Status::kTlsFailed:
        NoteTlsFailure();
        Doom();
        return;
      case Transport::Status::kPlainHttp:
        NoteHandshakeFault(HandshakeFault::kPlainHttp,
                           "client sent an HTTP request to an HTTPS server");
        StartDraining(std::chrono::seconds(1));
        break;
      case Transport::Status::kEnded:
        if (owes_reply() && !doomed_) return;  // the end is found again behind the reply
        if (paused() && !doomed_) {
          pause_.ended = true;
          return;
        }
        if (transport_.within_proxy_head()) {
          RefuseProxyHead();
        } else if (transport_.handshaking()) {
          NoteHandshakeFault(HandshakeFault::kClosed, "EOF");
        }
        if (frames_.inside_payload()) {
          RefuseProtocol(PeerFault::kTruncated, "the stream ended within a frame");
        }
        Doom();
        return;
      case Transport::Status::kNoProxyHead:
        RefuseProxyHead();
        return;
      case Transport::Status::kFailed:
        if (transport_.handshaking()) NoteHandshakeFault(HandshakeFault::kClosed, "reset");
        Doom();
        return;
    }
    if (transport_.failed()) Doom();
    if (transport_.blocked()) ArmStall();
    if (transport_.drained()) return;
  }
}

bool Connection::OnPlain(ByteView bytes) {
  switch (stage_) {
    case Stage::kHead:
    case Stage::kSite:
    case Stage::kReplying:
      if (FeedHttp(bytes)) return true;
      Doom();
      return false;
    case Stage::kLogin:
    case Stage::kAdmission:
    case Stage::kSession:
      if (websocket_) return FeedWebSocket(bytes);
      if (frames_.Feed(bytes, *this, worker_.pool())) return true;
      RefuseProtocol(PeerFault::kFrame, "frame out of place");
      return false;
    case Stage::kDraining:
      return true;
  }
  return false;
}

FrameHandler::Verdict Connection::OnHeader(const wire::FrameHeader& header) {
  if (stage_ == Stage::kLogin) return login_->OnHeader(header);
  if (limit_ && !MayHandle(header)) return Verdict::kPause;
  return session_->OnHeader(header);
}

bool Connection::OnFrame(const wire::Frame& frame) {
  if (stage_ == Stage::kLogin) return FinishLogin(frame.payload);
  worker_.NoteRelayWork();
  if (limit_ && IsAboveQuota(frame)) return true;
  return session_->OnFrame(frame) && !doomed_;
}

bool Connection::Deliver(PacketKind kind, const HashedKey& source, ByteView payload,
                         bool from_mesh) {
  if (session_ && !doomed_ && stage_ == Stage::kSession) {
    if (!session_->Fits(kind, payload.size())) Flush();
  }
  if (!session_ || doomed_ || stage_ != Stage::kSession) return false;
  while (!session_->Fits(kind, payload.size())) session_->DropOldest(kind);
  session_->Enqueue(kind, source, payload, from_mesh);
  worker_.FlushLater(self_);
  return true;
}

void Connection::Flush() {
  flush_queued_ = false;
  if (finished_writing_) return;
  IoScratch& scratch = worker_.scratch();
  for (int rounds = 0; !doomed_ && !transport_.failed() && !transport_.blocked();) {
    if (websocket_ && websocket_->owes_answer()) websocket_->TakeAnswer(outbox_);
    if (!outbox_.empty()) {
      const Bytes bytes = std::exchange(outbox_, {});
      transport_.Write(bytes, scratch, worker_.Now());
      continue;
    }
    if (!session_ || !session_->has_output()) {
      OnAllWritten();
      break;
    }
    if (rounds++ == kRoundsPerTurn) {
      more_to_write_ = true;
      break;
    }
    const ByteView output = session_->NextOutput(worker_.gather());
    if (!output.empty()) WriteStream(output);
    session_->OutputWritten(!transport_.failed());
  }
  if (transport_.failed()) Doom();
  if (transport_.blocked()) ArmStall();
  if (std::exchange(releases_at_once_, false) && !transport_.blocked()) {
    last_activity_ = worker_.Now();
    ReleaseIdle();
  } else {
    NoteActivity();
  }
  UpdateInterest();
}

void Connection::OnAllWritten() {
  if (stage_ == Stage::kReplying) {
    FinishReply();
  } else if (stage_ == Stage::kDraining && !finished_writing_) {
    CloseWebSocket();
    if (transport_.blocked()) return;
    finished_writing_ = true;
    transport_.FinishWriting(worker_.scratch(), worker_.Now());
    worker_.AddDeadline(self_, DeadlineKind::kDrained, worker_.Now() + kDrainedCheck);
  }
}

// A close with unread input resets the connection and takes what was written with it; so the peer
// is given a moment to end first.
void Connection::StartDraining(Duration patience) {
  if (stage_ != Stage::kDraining) {
    stage_ = Stage::kDraining;
    SetDeadline(patience);
  }
  worker_.FlushLater(self_);
}

void Connection::BeginStop(std::chrono::milliseconds reconnect_in) {
  if (doomed_ || stage_ == Stage::kDraining) return;
  stopping_ = reconnect_in;
  if (session_) {
    session_->QueueRestarting({.reconnect_in = reconnect_in, .try_for = kRestartTryFor});
    StartDraining(std::chrono::seconds(2));
  } else if (stage_ == Stage::kSite || streaming()) {
    Doom();  // who would answer stops as well
  } else {
    SetDeadline(std::min<Duration>(kStopLogin, Remaining(worker_.Now(), deadline_)));
  }
}

void Connection::UpdateInterest() {
  if (doomed_) {
    io_.Want(false, false);
    return;
  }
  io_.Want(!read_put_off_ && !owes_reply() && !paused(), transport_.blocked() || more_to_write_);
}

void Connection::Doom() {
  if (doomed_) return;
  CloseWebSocket();
  doomed_ = true;
  io_.Want(false, false);
  worker_.BuryLater(self_);
}

void Connection::SetDeadline(Duration after) {
  deadline_ = worker_.Now() + after;
  worker_.AddDeadline(self_, DeadlineKind::kLogin, deadline_);
}

void Connection::OnDeadline(DeadlineKind kind) {
  if (doomed_) return;
  switch (kind) {
    case DeadlineKind::kLogin:
      OnLoginDeadline();
      return;
    case DeadlineKind::kStall:
      CheckStall();
      return;
    case DeadlineKind::kIdle:
      CheckIdle();
      return;
    case DeadlineKind::kKeepAlive:
      if (stage_ != Stage::kSession) return;
      session_->QueueKeepAlive();
      releases_at_once_ = !idle_queued_;
      worker_.FlushLater(self_);
      worker_.AddDeadline(self_, kind, worker_.Now() + keep_alive_interval_);
      return;
    case DeadlineKind::kDrained:
      if (transport_.PeerTookAll() && (lingered_ || !stopping_)) {
        Doom();
      } else if (transport_.PeerTookAll()) {
        lingered_ = true;
        worker_.AddDeadline(self_, kind, worker_.Now() + kStopLinger);
      } else {
        worker_.AddDeadline(self_, kind, worker_.Now() + kDrainedCheck);
      }
      return;
    case DeadlineKind::kRoundTrip:
      SampleRoundTrip();
      return;
    case DeadlineKind::kPause:
      OnPauseOver();
      return;
  }
}

// Every SetDeadline() adds an item of its own, so an earlier one that was moved is simply ignored.
void Connection::OnLoginDeadline() {
  const bool ours_to_wait = stage_ == Stage::kSite || stage_ == Stage::kSession || streaming();
  if (ours_to_wait || worker_.Now() < deadline_) return;
  if (transport_.handshaking()) NoteHandshakeFault(HandshakeFault::kTimeout, "i/o timeout");
  if (stage_ == Stage::kLogin) NotePeerFault(PeerFault::kTimeout, "no ClientInfo in time");
  Doom();
}

Duration Connection::StallLimit() const {
  if (streaming()) return kStreamStall;
  return session_ && session_->is_mesh() ? worker_.options().mesh_write_timeout
                                         : worker_.options().write_timeout;
}

void Connection::ArmStall() {
  if (stall_queued_ || StallLimit() == Duration::zero()) return;
  stall_queued_ = true;
  stall_since_ = worker_.Now();
  worker_.AddDeadline(self_, DeadlineKind::kStall, stall_since_ + StallLimit() / kStallChecks);
}

// Looks several times within the limit: what the peer takes out of the kernel's queue is progress,
// and counts from when it is seen.
void Connection::CheckStall() {
  stall_queued_ = false;
  if (!transport_.blocked()) return;
  const TimePoint now = worker_.Now();
  const bool took = transport_.PeerTookSomething();
  stall_since_ = took ? now : std::max(stall_since_, transport_.last_progress());
  const TimePoint limit = stall_since_ + StallLimit();
  if (now < limit) {
    stall_queued_ = true;
    worker_.AddDeadline(self_, DeadlineKind::kStall,
                        std::min(now + StallLimit() / kStallChecks, limit));
    return;
  }
  worker_.counters().write_timeouts.Add();
  Doom();
}

void Connection::NoteActivity() {
  last_activity_ = worker_.Now();
  if (idle_queued_) return;
  idle_queued_ = true;
  worker_.AddDeadline(self_, DeadlineKind::kIdle, last_activity_ + kIdleAfter);
}

void Connection::CheckIdle() {
  if (worker_.Now() < last_activity_ + kIdleAfter) {
    worker_.AddDeadline(self_, DeadlineKind::kIdle, last_activity_ + kIdleAfter);
    return;
  }
  idle_queued_ = false;
  ReleaseIdle();
}

void Connection::ReleaseIdle() {
  transport_.ReleaseIdle(worker_.pool());
  if (session_) session_->ReleaseIdle();
}

// While nothing is sent or received the kernel has nothing new to say: its last answer counts
// again.
void Connection::SampleRoundTrip() {
  if (stage_ != Stage::kSession) return;
  const bool is_known = round_trip_ && last_activity_ + kSettled < round_trip_asked_;
  if (!is_known && !AskRoundTrip()) return;
  std::size_t bucket = 0;
  while (bucket < kRoundTripBoundsMs.size() &&
         *round_trip_ > std::chrono::milliseconds(kRoundTripBoundsMs[bucket])) {
    ++bucket;
  }
  worker_.counters().round_trips[bucket].Add();
  worker_.AddDeadline(self_, DeadlineKind::kRoundTrip,
                      worker_.Now() + worker_.options().round_trip_interval);
}

bool Connection::AskRoundTrip() {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(transport_.fd(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    worker_.counters().round_trip_errors.Add();
    return false;
  }
  round_trip_ = std::chrono::microseconds(info.tcpi_rtt);
  round_trip_asked_ = worker_.Now();
  return true;
}

}  // namespace derp::relay
