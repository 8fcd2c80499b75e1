#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {

std::vector<Attack> AllAttacks() {
  std::vector<Attack> all;
  for (const auto family : {Floods, SilentStrangers, DrippingStrangers, EndlessHeads,
                            DeafMeshClients, WebSocketBreakers, ForgedMeshFrames, DuplicateFights,
                            HalfClosers, SlowReaders, ConnectStorms, TlsGarbage, OddFrames}) {
    for (Attack& attack : family()) all.push_back(std::move(attack));
  }
  return all;
}

}  // namespace derp::test
