// Several relays of one region in one process, whose links do what a test says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/diagnosis/judgement.h"
#include "tests/integration/diagnosis/faulty_relay.h"
#include "tests/integration/diagnosis/walk_fixture.h"

namespace derp::test {

class MeshHub {
 public:
  // Whether the link carries the packet; `number` counts from 0 for each ordered pair. A throw ends
  // the sender's connection. Called by one thread at a time.
  using Rule = std::function<bool(const std::string& from, const std::string& to, int number)>;

  MeshHub(const std::vector<std::string>& names, Rule rule);
  ~MeshHub();

  // Walks all nodes as one region.
  diagnosis::RunReport Walk(WalkFixture& fixture) const;

 private:
  struct Client {
    RelaySide* side = nullptr;
    std::string relay;
  };

  void Play(RelaySide& side, const std::string& relay, const NodePrivate& key);
  void Forward(const NodePublic& source, const std::string& from, ByteView payload);

  const Rule rule_;
  Mutex mutex_;
  std::map<NodePublic, Client> clients_ DERP_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, int> counts_ DERP_GUARDED_BY(mutex_);
  std::map<std::string, std::unique_ptr<FaultyRelay>> relays_;  // last: threads use the others
};

}  // namespace derp::test
