// The part of a walk behind the TLS handshakes: cert, http and derp for each family that got so
// far, then relay over the one that connected first. Blocking, in a worker thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/derp/blocking_client.h"
#include "common/diagnosis/measure.h"
#include "common/diagnosis/recorder.h"
#include "common/diagnosis/stage_mesh.h"
#include "common/diagnosis/stage_tcp.h"
#include "common/diagnosis/stage_tls.h"
#include "common/diagnosis/walk_plan.h"

namespace derp::diagnosis {

// One family on its way through the walk.
struct FamilyWalk {
  FamilyPlan plan;
  TcpOutcome tcp;
  TlsStage tls;  // when tcp worked
};

// Records tcp to relay. Gives the logged-in client for the mesh when relay succeeded.
std::optional<MeshMember> WalkChain(const WalkTask& task, const WalkContext& context,
                                    TimePoint deadline, std::vector<FamilyWalk>& families,
                                    Recorder& recorder);

// The stages from `first` on of one family are not reached, or skipped.
void NotReachedFrom(Stage first, AddressFamily family, Stage after, Recorder& recorder);
void SkipFrom(Stage first, AddressFamily family, std::string_view reason, Recorder& recorder);

}  // namespace derp::diagnosis
