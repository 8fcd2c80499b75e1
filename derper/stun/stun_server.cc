#include "derper/stun/stun_server.h"

#include <deque>
#include <list>
#include <utility>
#include <vector>

#include "common/net/sockets.h"
#include "derper/stun/stun_socket.h"
#include "derper/stun/stun_worker.h"

namespace derp::relay {
namespace {

constexpr unsigned kMostThreads = 256;
constexpr double kLogBurst = 3;  // then a line per minute
constexpr Duration kLogInterval = std::chrono::minutes(1);
constexpr std::string_view kFlag = "-stun-port";

using CounterList = std::deque<StunCounters>;  // one for each worker; addresses stay

StunFigures Sum(const CounterList& counters) {
  StunFigures sum;
  for (const StunCounters& one : counters) sum += one.Read();
  return sum;
}

}  // namespace

struct StunServer::Impl {
  Impl(const StunServerOptions& options, const Logger& logger, const Clock& clock,
       RandomSource& random)
      : log(logger, clock, kLogBurst, kLogInterval),
        limiter(
            options.mode == stun::ServerMode::kGeneric
                ? std::make_unique<SourceLimiter>(options.source_rate, options.source_burst, random)
                : nullptr),
        shared{options.mode, limiter.get(), clock, log} {}

  RateLimitedLog log;
  std::unique_ptr<SourceLimiter> limiter;
  StunShared shared;
  std::shared_ptr<CounterList> counters = std::make_shared<CounterList>();
  SocketAddress address;
  std::list<StunWorker> workers;  // last: its threads use all of the above
};

StunServer::StunServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StunServer::~StunServer() = default;

Expected<std::unique_ptr<StunServer>, Error> StunServer::Start(const StunServerOptions& options,
                                                               const Logger& logger,
                                                               const Clock& clock,
                                                               RandomSource& random) {
  if (options.threads < 1 || options.threads > kMostThreads) {
    return Fail(
        Error{ErrorCode::kInvalidArgument, "-stun-threads: " + std::to_string(options.threads) +
                                               " is not 1 to " + std::to_string(kMostThreads)});
  }
  auto sockets = OpenStunSockets(options.address, options.threads);
  if (!sockets) return Fail(Within(kFlag, sockets.error()));
  const auto bound = net::LocalAddress(sockets->front().get());
  if (!bound) return Fail(Within(kFlag, bound.error()));

  auto impl = std::make_unique<Impl>(options, logger, clock, random);
  impl->address = *bound;
  impl->counters->resize(options.threads);
  logger.Info("STUN server listening on {}", bound->ToString());
  for (unsigned i = 0; i < options.threads; ++i) {
    impl->workers.emplace_back(std::move((*sockets)[i]), impl->shared, (*impl->counters)[i]);
  }
  return std::unique_ptr<StunServer>(new StunServer(std::move(impl)));
}

SocketAddress StunServer::address() const { return impl_->address; }

StunFigures StunServer::Figures() const { return Sum(*impl_->counters); }

metrics::Registry::Source StunServer::MetricsSource() const {
  return [counters = impl_->counters](std::vector<metrics::Family>& out) {
    AppendStunFamilies(Sum(*counters), out);
  };
}

void StunServer::Stop() {
  for (StunWorker& worker : impl_->workers) worker.Stop();
}

}  // namespace derp::relay
