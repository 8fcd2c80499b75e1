#include "common/diagnosis/tls_attempt.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace derp::diagnosis {

namespace {

// Shared by the steps of one attempt, which follow each other in several threads.
struct Attempt {
  Attempt(const Engine& where, net::Fd connected, Duration at_most,
          std::function<void(TlsAttempt)> call)
      : engine(where), fd(std::move(connected)), limit(at_most), done(std::move(call)) {}

  Engine engine;
  net::Fd fd;
  Duration limit;
  std::function<void(TlsAttempt)> done;
  std::unique_ptr<net::TlsHandshake> handshake;
  TimePoint posted;  // to the pool
  TimePoint hello;   // when the ClientHello left
  Duration waited{};
  Duration queued{};
};

void Finish(Attempt& attempt) {
  const TimePoint start = attempt.engine.clock.Now();
  attempt.queued += start - attempt.posted;
  const Duration left = std::max(Duration::zero(), attempt.limit - attempt.waited);
  auto stream = attempt.handshake->Finish(start + left);
  const Duration took = attempt.waited + (attempt.engine.clock.Now() - start);
  attempt.done({std::move(stream), took, attempt.queued});
}

// A peer that is silent for so long no longer keeps others from beginning.
constexpr auto kInGate = std::chrono::milliseconds(100);

class FirstByteWaiter final : public Waiter {
 public:
  FirstByteWaiter(std::shared_ptr<Attempt> attempt, TimePoint until)
      : attempt_(std::move(attempt)), until_(until), leave_gate_(attempt_->hello + kInGate) {}

  int fd() const override { return attempt_ ? attempt_->handshake->fd() : -1; }
  bool for_writing() const override { return false; }
  TimePoint wake() const override { return leave_gate_ ? std::min(until_, *leave_gate_) : until_; }
  bool Step(bool ready) override {
    if (leave_gate_) attempt_->engine.gate.Leave();
    leave_gate_.reset();
    if (!ready && attempt_->engine.clock.Now() < until_) return true;
    const std::shared_ptr<Attempt> attempt = std::move(attempt_);
    attempt->posted = attempt->engine.clock.Now();
    attempt->waited = attempt->posted - attempt->hello;
    // What has begun goes before what has not: the peer waits, and so does memory.
    attempt->engine.pool.PostFirst([attempt] { Finish(*attempt); });
    return false;
  }

 private:
  std::shared_ptr<Attempt> attempt_;
  TimePoint until_;
  std::optional<TimePoint> leave_gate_;  // none: left already
};

}  // namespace

void StartTlsAttempt(const Engine& engine, net::Fd fd,
                     std::shared_ptr<const net::TlsClientContext> context, std::string server_name,
                     Duration limit, std::function<void(TlsAttempt)> done) {
  const auto attempt = std::make_shared<Attempt>(engine, std::move(fd), limit, std::move(done));
  attempt->posted = engine.clock.Now();
  auto begin = [attempt, context = std::move(context), name = std::move(server_name)] {
    const Engine& at = attempt->engine;
    attempt->queued = at.clock.Now() - attempt->posted;
    attempt->handshake = net::TlsHandshake::Start(std::move(attempt->fd), context, name);
    attempt->hello = at.clock.Now();
    at.loop.Add(std::make_unique<FirstByteWaiter>(attempt, attempt->hello + attempt->limit));
  };
  engine.gate.Enter([attempt, begin = std::move(begin)] { attempt->engine.pool.Post(begin); });
}

}  // namespace derp::diagnosis
