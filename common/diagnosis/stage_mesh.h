// Stage mesh: packets between the nodes of one region, in every direction at once (findings.md
// rule 9). What the numbers mean is judged later, by JudgeMesh(). Blocking; one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/derp/blocking_client.h"
#include "common/diagnosis/report.h"
#include "common/diagnosis/walk_context.h"

namespace derp::diagnosis {

// A client that a walk left logged in.
struct MeshMember {
  std::string node;
  std::unique_ptr<BlockingClient> client;
  TimePoint logged_in;
};

// Directions between all members, in their order. Members whose connection ends meanwhile have no
// directions; MeshReport::closed names them.
MeshReport CheckMesh(std::string_view region, std::int64_t region_id,
                     std::vector<MeshMember>& members, const WalkContext& context);

}  // namespace derp::diagnosis
