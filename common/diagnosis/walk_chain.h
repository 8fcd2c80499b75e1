// The part of a walk behind the TLS handshakes: cert, http and derp for each family that got so
// far, then relay and the side stages over the one that connected first. Blocking, in a worker
// thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/derp/blocking_client.h"
#include "common/diagnosis/measure.h"
#include "common/diagnosis/recorder.h"
#include "common/diagnosis/stage_idle.h"
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

// What a walk leaves to be used further.
struct ChainResult {
  std::optional<MeshMember> member;  // for the mesh, when relay succeeded and its key is its own
  IdleClient idle;                   // another connection, to be held for -idle-check; or none
};

// Records tcp to relay, latency, ws and admission.
ChainResult WalkChain(const WalkTask& task, const WalkContext& context, TimePoint deadline,
                      std::vector<FamilyWalk>& families, Recorder& recorder);

// The stages from `first` on of one family are not reached, or skipped.
void NotReachedFrom(Stage first, AddressFamily family, Stage after, Recorder& recorder);
void SkipFrom(Stage first, AddressFamily family, std::string_view reason, Recorder& recorder);

}  // namespace derp::diagnosis
