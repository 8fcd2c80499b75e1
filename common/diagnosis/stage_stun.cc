#include "common/diagnosis/stage_stun.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/net/sockets.h"
#include "common/stun/exchange.h"

namespace derp::diagnosis {

namespace {

constexpr int kPlainRequests = 2;
constexpr int kSlots = 8;  // requests are due at eighths of the time; the last ones only listen

// RFC 8489's smallest binding request: a header without attributes.
Bytes PlainRequest(const stun::TransactionId& id) {
  Bytes bytes;
  AppendU16Be(bytes, static_cast<std::uint16_t>(stun::MessageType::kBindingRequest));
  AppendU16Be(bytes, 0);
  AppendU32Be(bytes, stun::kMagicCookie);
  AppendBytes(bytes, id.bytes);
  return bytes;
}

class StunWaiter final : public Waiter {
 public:
  StunWaiter(net::Fd fd, const Clock& clock, RandomSource& random, StunOutcome outcome,
             Duration cap, std::function<void(StunOutcome)> done)
      : fd_(std::move(fd)),
        clock_(clock),
        random_(random),
        outcome_(std::move(outcome)),
        start_(clock.Now()),
        slot_(cap / kSlots),
        deadline_(start_ + cap),
        next_send_(start_),
        done_(std::move(done)) {}

  int fd() const override { return fd_.get(); }
  bool for_writing() const override { return false; }
  TimePoint wake() const override { return std::min(next_send_, deadline_); }

  bool Step(bool ready) override {
    if (ready) Receive();
    const TimePoint now = clock_.Now();
    const int answered = static_cast<int>(outcome_.rtts.size());
    const bool refused = outcome_.refused && answered == 0;
    if (refused || outcome_.error || answered == kStunRequests || now >= deadline_) {
      outcome_.duration = now - start_;
      done_(std::move(outcome_));
      return false;
    }
    if (outcome_.sent < kStunRequests) {
      if (answered == outcome_.sent || now >= next_send_) Send(now);
    } else if (answered == 0 && plain_sent_ < kPlainRequests && now >= next_send_) {
      SendPlain(now);
    } else if (now >= next_send_) {
      next_send_ = deadline_;
    }
    if (outcome_.sent == kStunRequests && (answered > 0 || plain_sent_ == kPlainRequests)) {
      next_send_ = deadline_;
    }
    return true;
  }

 private:
  void Send(TimePoint now) {
    stun::TransactionId id;
    random_.Fill(id.bytes);
    exchange_.Sent(id, outcome_.target, now);
    ++outcome_.sent;
    next_send_ = now + slot_;
    const auto sent = net::SendTo(fd_.get(), stun::BuildRequest(id), outcome_.target);
    if (!sent) NoteError(sent.error());
  }

  void SendPlain(TimePoint now) {
    stun::TransactionId id;
    random_.Fill(id.bytes);
    plain_ids_[static_cast<std::size_t>(plain_sent_++)] = id;
    next_send_ = now + slot_;
    const auto sent = net::SendTo(fd_.get(), PlainRequest(id), outcome_.target);
    if (!sent) NoteError(sent.error());
  }

  void NoteError(const Error& error) {
    if (error.code == ErrorCode::kRefused) {
      outcome_.refused = true;
    } else {
      outcome_.error = error;
    }
  }

  // One datagram: as long as there are more, the loop says again that the socket is ready.
  void Receive() {
    const auto datagram = net::ReceiveFrom(fd_.get(), clock_.Now());
    if (datagram) {
      Judge(*datagram);
    } else if (datagram.error().code == ErrorCode::kRefused) {
      outcome_.refused = true;
    } else if (datagram.error().code != ErrorCode::kTimeout &&
               datagram.error().code != ErrorCode::kUnreachable) {
      outcome_.error = datagram.error();
    }
  }

  bool IsPlain(const std::optional<stun::TransactionId>& id) const {
    const auto end = plain_ids_.begin() + plain_sent_;
    return id && std::find(plain_ids_.begin(), end, *id) != end;
  }

  void Judge(const net::Datagram& datagram) {
    const stun::Match match = exchange_.Receive(datagram.bytes, datagram.source, clock_.Now());
    switch (match.kind) {
      case stun::MatchKind::kAnswer:
        outcome_.rtts.push_back(match.rtt);
        outcome_.mapped = match.mapped;
        break;
      case stun::MatchKind::kForeignSource:
        outcome_.foreign_source = match.source;
        break;
      case stun::MatchKind::kUnknown:
        if (IsPlain(match.id)) {
          outcome_.plain_answered = true;
        } else {
          outcome_.malformed = "an answer to another request";
        }
        break;
      case stun::MatchKind::kError:
        outcome_.malformed = "an error response";
        break;
      case stun::MatchKind::kMalformed:
        outcome_.malformed = stun::MessageErrorText(match.error);
        break;
      case stun::MatchKind::kDuplicate:
        break;
    }
  }

  net::Fd fd_;
  const Clock& clock_;
  RandomSource& random_;
  StunOutcome outcome_;
  TimePoint start_;
  Duration slot_;
  TimePoint deadline_;
  TimePoint next_send_;
  std::function<void(StunOutcome)> done_;
  stun::Exchange exchange_;
  std::array<stun::TransactionId, kPlainRequests> plain_ids_{};
  int plain_sent_ = 0;
};

}  // namespace

void StartStun(PollLoop& loop, const Clock& clock, RandomSource& random,
               const SocketAddress& target, Duration cap, std::function<void(StunOutcome)> done) {
  StunOutcome outcome;
  outcome.target = target;
  if (const auto local = net::LocalAddressTowards(target.ip)) outcome.local = *local;
  const IpAddress any = target.ip.is_v4() ? IpAddress() : IpAddress::V6({});
  auto fd = net::BindUdp({any, 0});
  if (fd) {
    const auto report = net::ReportIcmpErrors(fd->get());
    if (!report) outcome.error = report.error();
  } else {
    outcome.error = fd.error();
  }
  if (outcome.error) {
    done(std::move(outcome));
    return;
  }
  loop.Add(std::make_unique<StunWaiter>(std::move(*fd), clock, random, std::move(outcome), cap,
                                        std::move(done)));
}

}  // namespace derp::diagnosis
