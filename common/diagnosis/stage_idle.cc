#include "common/diagnosis/stage_idle.h"

#include <utility>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/connection_end.h"
#include "common/diagnosis/units.h"

namespace derp::diagnosis {

namespace {

constexpr int kMessagesAtOnce = 256;  // before the others of the loop have a turn

class IdleWaiter final : public Waiter {
 public:
  IdleWaiter(const Clock& clock, IdleClient idle, Duration hold,
             std::function<void(std::optional<Finding>)> done)
      : clock_(clock), idle_(std::move(idle)), hold_(hold), done_(std::move(done)) {}

  int fd() const override { return idle_.client->stream().fd(); }
  bool for_writing() const override { return false; }
  TimePoint wake() const override { return first_ ? idle_.since : idle_.since + hold_; }

  bool Step(bool) override {
    first_ = false;  // what came before this began is read at once
    TimePoint now = clock_.Now();
    for (int left = kMessagesAtOnce; left > 0; --left, now = clock_.Now()) {
      const auto message = idle_.client->Receive(now);
      if (message) {
        if (const auto* ping = std::get_if<Ping>(&*message)) {
          static_cast<void>(idle_.client->SendPong(ping->data, now));
        }
        continue;
      }
      const Error& error = message.error().error;
      const bool waits =
          message.error().fault == ClientFault::kTransport && error.code == ErrorCode::kTimeout;
      if (!waits) {
        const ConnectionEnd end = HearEnd(*idle_.client, message.error(), clock_);
        const Duration after = now - idle_.since;
        return Finish(end.restarting ? ClosedFinding(end, after) : Cut(end, after));
      }
      break;
    }
    return now < idle_.since + hold_ || Finish(std::nullopt);
  }

 private:
  bool Finish(std::optional<Finding> finding) {
    done_(std::move(finding));
    return false;
  }

  static Finding Cut(const ConnectionEnd& end, Duration after) {
    Finding finding =
        MakeFinding("relay.idle_cut", "an idle connection is cut",
                    fmt::format("cut {} after the last packet: {}", ShortDuration(after), end.how),
                    "raise the idle time-out of what stands in front of the relay above 120 s");
    finding.data["idle_ms"] =
        std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(after).count()};
    return finding;
  }

  const Clock& clock_;
  IdleClient idle_;
  Duration hold_;
  std::function<void(std::optional<Finding>)> done_;
  bool first_ = true;
};

}  // namespace

void StartIdle(PollLoop& loop, const Clock& clock, IdleClient idle, Duration hold,
               std::function<void(std::optional<Finding>)> done) {
  loop.Add(std::make_unique<IdleWaiter>(clock, std::move(idle), hold, std::move(done)));
}

}  // namespace derp::diagnosis
