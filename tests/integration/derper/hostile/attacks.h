// The attacks by family, one file each. Sizes are such that each takes a few seconds; a thorough
// stage runs them in full.
#pragma once

#include <vector>

#include "tests/integration/derper/hostile/stage.h"

namespace derp::test {

std::vector<Attack> Floods();
std::vector<Attack> SilentStrangers();
std::vector<Attack> DrippingStrangers();
std::vector<Attack> EndlessHeads();
std::vector<Attack> DeafMeshClients();
std::vector<Attack> WebSocketBreakers();
std::vector<Attack> ForgedMeshFrames();
std::vector<Attack> DuplicateFights();
std::vector<Attack> HalfClosers();
std::vector<Attack> SlowReaders();
std::vector<Attack> ConnectStorms();
std::vector<Attack> TlsGarbage();
std::vector<Attack> OddFrames();

std::vector<Attack> AllAttacks();

}  // namespace derp::test
