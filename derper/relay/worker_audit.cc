// What a worker tells the consistency check.
#include <utility>

#include "derper/relay/consistency.h"
#include "derper/relay/worker.h"

namespace derp::relay {

void Worker::Audit(std::function<void(std::vector<std::string>)> done) {
  loop_.Post([this, answer = std::move(done)] {
    WorkerFacts facts{.worker = index_,
                      .registered = state_.registry.MembersOf(index_),
                      .connections_gauge = counters_.connections.value(),
                      .homes_gauge = counters_.home_connections.value()};
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const Slot& slot = slots_[i];
      const Session* session = slot.connection ? slot.connection->held_session() : nullptr;
      if (session == nullptr) continue;
      facts.sessions.emplace_back(session->key().key,
                                  ConnectionRef{.worker = index_,
                                                .slot = static_cast<std::uint32_t>(i),
                                                .generation = slot.generation});
      if (session->is_home()) ++facts.homes;
    }
    answer(FindContradictions(std::move(facts)));
  });
}

}  // namespace derp::relay
