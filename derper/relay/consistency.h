// The check behind /debug/check: what the registry, the workers' connections and the gauges say
// must fit together. Each worker compares in its own thread, where its clients can neither come
// nor go meanwhile, so nothing has to be stopped and no lock is held over another question.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/crypto/keys.h"
#include "common/net/event_loop.h"
#include "derper/relay/registry/connection_ref.h"

namespace derp::relay {

struct RelayState;

// What one worker holds, and what is said about it elsewhere.
struct WorkerFacts {
  using Member = std::pair<NodePublic, ConnectionRef>;

  std::uint16_t worker = 0;
  std::vector<Member> sessions{};    // its clients
  std::vector<Member> registered{};  // the registry's connections of this worker
  std::int64_t homes = 0;            // clients that call this relay their home
  std::int64_t connections_gauge = 0;
  std::int64_t homes_gauge = 0;
};

// A sentence for everything that does not fit. Duplicates of a key count one by one on both sides.
std::vector<std::string> FindContradictions(WorkerFacts facts);

// Control thread only.
class ConsistencyChecks {
 public:
  using Done = std::function<void(std::vector<std::string>)>;

  explicit ConsistencyChecks(RelayState& state);
  ~ConsistencyChecks();

  // `done` is called once, with what contradicts itself; a worker that does not answer within 5 s
  // is a finding as well. Not called when the checks end before.
  void Run(Done done);

 private:
  struct Round;
  void TakeAnswer(std::uint64_t id, std::size_t worker, std::vector<std::string> problems);
  void Finish(std::uint64_t id);

  RelayState& state_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, std::unique_ptr<Round>> rounds_;
  std::shared_ptr<ConsistencyChecks*> alive_;
};

}  // namespace derp::relay
