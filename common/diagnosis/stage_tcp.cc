#include "common/diagnosis/stage_tcp.h"

#include <utility>

#include <fmt/format.h>

#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/units.h"
#include "common/net/sockets.h"

namespace derp::diagnosis {

namespace {

// Among several addresses that fail, the one that answered says most.
int Rank(ErrorCode code) {
  if (code == ErrorCode::kRefused) return 2;
  return code == ErrorCode::kTimeout ? 1 : 0;
}

// The connects of one family. It holds the sockets, so that those of the losers close as soon as
// one has won; their waiters end by their time.
struct Race {
  TimePoint start;
  std::size_t running = 0;
  std::vector<net::Fd> sockets;
  TcpOutcome outcome;
  std::function<void(TcpOutcome)> done;  // empty once called

  void Settle(TimePoint now) {
    outcome.duration = now - start;
    sockets.clear();
    auto call = std::exchange(done, nullptr);
    call(std::move(outcome));
  }

  void Won(std::size_t index, const SocketAddress& address, TimePoint now) {
    outcome.fd = std::move(sockets[index]);
    outcome.address = address;
    outcome.error.reset();
    Settle(now);
  }

  void Lost(Error error, const SocketAddress& address, TimePoint now) {
    --running;
    if (!outcome.error || Rank(error.code) > Rank(outcome.error->code)) {
      outcome.error = std::move(error);
      outcome.address = address;
    }
    if (running == 0) Settle(now);
  }
};

class ConnectWaiter final : public Waiter {
 public:
  ConnectWaiter(std::size_t index, SocketAddress address, TimePoint deadline, const Clock& clock,
                std::shared_ptr<Race> race)
      : index_(index),
        address_(std::move(address)),
        deadline_(deadline),
        clock_(clock),
        race_(std::move(race)) {}

  int fd() const override { return race_->done ? race_->sockets[index_].get() : -1; }
  bool for_writing() const override { return true; }
  TimePoint wake() const override { return deadline_; }

  bool Step(bool ready) override {
    if (!race_->done) return false;
    const TimePoint now = clock_.Now();
    if (!ready) {
      race_->Lost(net::ConnectTimeout(address_), address_, now);
      return false;
    }
    auto complete = net::CompleteConnect(fd(), address_);
    if (complete) {
      race_->Won(index_, address_, now);
    } else {
      race_->Lost(std::move(complete.error()), address_, now);
    }
    return false;
  }

 private:
  std::size_t index_;
  SocketAddress address_;
  TimePoint deadline_;
  const Clock& clock_;
  std::shared_ptr<Race> race_;  // shared by the addresses of one family
};

}  // namespace

void StartTcp(PollLoop& loop, const Clock& clock, std::vector<SocketAddress> addresses,
              TimePoint deadline, std::function<void(TcpOutcome)> done) {
  if (addresses.size() > kMostAddresses) addresses.resize(kMostAddresses);
  const auto race = std::make_shared<Race>();
  race->start = clock.Now();
  race->running = addresses.size();
  race->done = std::move(done);
  // Nothing is handed to the loop before all have started: the race belongs to one thread at a
  // time.
  std::vector<std::unique_ptr<Waiter>> started;
  for (const SocketAddress& address : addresses) {
    auto fd = net::StartConnectTcp(address);
    if (fd) {
      race->sockets.push_back(std::move(*fd));
      started.push_back(std::make_unique<ConnectWaiter>(race->sockets.size() - 1, address, deadline,
                                                        clock, race));
    } else {
      race->Lost(std::move(fd.error()), address, clock.Now());
    }
  }
  for (auto& waiter : started) loop.Add(std::move(waiter));
}

Finding TcpFinding(const TcpOutcome& outcome) {
  const Error& error = *outcome.error;
  const std::string address = outcome.address.ToString();
  Finding finding;
  if (error.code == ErrorCode::kRefused) {
    finding = MakeFinding("tcp.refused");
    finding.headline = "nobody listens: connection refused";
    finding.fact = fmt::format("{} refused after {}", address, Milliseconds(outcome.duration));
    finding.advice = "start the relay, or correct DERPPort in the map";
  } else if (error.code == ErrorCode::kTimeout) {
    finding = MakeFinding("tcp.timeout");
    finding.headline = "no answer to connection attempts";
    finding.fact = fmt::format("{} silent for {}", address, ShortDuration(outcome.duration));
    finding.advice = "open the port on host and cloud firewall, or correct the map";
  } else {
    finding = MakeFinding("tcp.unreachable");
    finding.headline = "the network knows no way there";
    finding.fact = fmt::format("{}: {}", address,
                               error.sys_errno != 0 ? ErrnoText(error.sys_errno) : error.context);
    finding.advice = "correct the address in the map, or have the route repaired";
  }
  finding.data["error"] = error.context;
  return finding;
}

}  // namespace derp::diagnosis
