#include "derper/relay/relay.h"

#include <algorithm>
#include <sched.h>
#include <utility>

#include "derper/limits/limits.h"
#include "derper/relay/acceptor.h"
#include "derper/relay/consistency.h"
#include "derper/relay/relay_metrics.h"
#include "derper/relay/relay_state.h"
#include "derper/relay/traffic/collector.h"
#include "derper/relay/worker.h"
#include "derper/relay/worker_limit.h"

namespace derp::relay {

namespace {

unsigned UsableCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1U, static_cast<unsigned>(CPU_COUNT(&set)));
}

Expected<void, Error> CheckOptions(const RelayOptions& options) {
  const auto wrong = [](std::string_view text) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument, .context = std::string(text)});
  };
  if (options.private_key.is_zero()) return wrong("the relay needs a private key");
  if (options.queue_depth < 1 || options.queue_depth > 65536) {
    return wrong("the queue depth must be 1 to 65536");
  }
  if (options.connections_per_block == 0) return wrong("a block of connections is 1 or more");
  for (const ListenerOptions& listener : options.listeners) {
    if (!listener.site) return wrong("a listener needs a site");
    if (listener.tls && !options.tls_context) return wrong("a TLS listener needs a certificate");
  }
  return {};
}

}  // namespace

struct Relay::Impl final : MeshPort {
  net::EventLoop& NextLoop() override {
    return state->workers[next_loop++ % state->workers.size()]->loop();
  }

  LinkId Attach(MeshLink& link, net::EventLoop& loop) override {
    Check(links < kMaxMeshLinks, "too many mesh links");
    RelayState::Link& slot = state->links[links];
    slot.link = &link;
    for (std::size_t i = 0; i < state->workers.size(); ++i) {
      if (&state->workers[i]->loop() == &loop) slot.worker = static_cast<std::uint16_t>(i);
    }
    return static_cast<LinkId>(links++);
  }

  void AddForwarder(LinkId link, const NodePublic& key) override {
    state->registry.AddForwarder(state->registry.Hash(key), link);
  }

  void RemoveForwarder(LinkId link, const NodePublic& key) override {
    const HashedKey hashed = state->registry.Hash(key);
    Worker& worker = *state->workers[state->links[link].worker];
    worker.TellPeerLeft(hashed, state->registry.RemoveForwarder(hashed, link));
  }

  std::shared_ptr<RelayState> state;
  std::unique_ptr<TrafficCollector> traffic;
  std::unique_ptr<Acceptor> acceptor;
  std::optional<ConsistencyChecks> checks;
  std::vector<SocketAddress> addresses;
  std::shared_ptr<const void> alive = std::make_shared<int>(0);
  std::size_t next_loop = 0;
  std::size_t links = 0;
  bool stopped = false;
};

Relay::Relay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Relay::~Relay() { Stop(); }

Expected<std::unique_ptr<Relay>, Error> Relay::Start(RelayOptions options, net::EventLoop& control,
                                                     const Logger& logger, RandomSource& random) {
  if (options.workers == 0) options.workers = UsableCores();
  options.workers = std::min(options.workers, kMaxWorkers);
  if (auto good = CheckOptions(options); !good) return Fail(std::move(good.error()));
  auto impl = std::make_unique<Impl>();
  impl->state = std::make_shared<RelayState>(std::move(options), control, logger, random);
  impl->state->alive = impl->alive;
  impl->traffic = std::make_unique<TrafficCollector>(*impl->state);
  auto acceptor = Acceptor::Start(*impl->state);
  if (!acceptor) return Fail(std::move(acceptor.error()));
  impl->acceptor = std::move(*acceptor);
  impl->addresses = impl->acceptor->Addresses();
  for (const auto& worker : impl->state->workers) worker->Start();
  if (Limits* limits = impl->state->options.limits) {
    limits->OnApplied([state = impl->state.get()] {
      for (const auto& worker : state->workers) worker->LimitsChanged();
    });
  }
  return std::unique_ptr<Relay>(new Relay(std::move(impl)));
}

std::vector<SocketAddress> Relay::Addresses() const { return impl_->addresses; }

MeshPort& Relay::mesh_port() { return *impl_; }

TrafficPort& Relay::traffic_port() { return *impl_->traffic; }

metrics::Registry::Source Relay::MetricsSource() const {
  return [state = std::shared_ptr<const RelayState>(impl_->state)](
             std::vector<metrics::Family>& out) { AppendRelayMetrics(*state, out); };
}

void Relay::CheckConsistency(std::function<void(std::vector<std::string>)> done) {
  if (impl_->stopped) return;
  if (!impl_->checks) impl_->checks.emplace(*impl_->state);
  impl_->checks->Run(std::move(done));
}

void Relay::Stop(Duration patience) {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->acceptor->TakeLast();
  impl_->acceptor.reset();
  impl_->checks.reset();
  if (Limits* limits = impl_->state->options.limits) limits->OnApplied({});
  for (const auto& worker : impl_->state->workers) worker->BeginStop(patience);
  for (const auto& worker : impl_->state->workers) worker->Join();
  impl_->alive.reset();
}

}  // namespace derp::relay
