// What the parts of one node's walk found (chain, STUN of each family, port 80), and how that is
// written into the node's report once they are done.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/diagnosis/measure.h"
#include "common/diagnosis/recorder.h"
#include "common/diagnosis/stage_port80.h"
#include "common/diagnosis/stage_stun.h"
#include "common/diagnosis/walk_chain.h"

namespace derp::diagnosis {

// Each field is written by one part and read when all are done. Not copied: the recorder refers to
// the report.
struct NodeParts {
  WalkTask task;
  NodeReport report;
  Recorder recorder{report};
  std::vector<FamilyWalk> families;
  std::vector<std::optional<StunOutcome>> stun;  // beside `families`
  std::optional<Port80Outcome> port80;
  std::string port80_reason;  // why it was skipped
};

// The report's names and ports, from the task.
void Describe(NodeParts& node);

// Why port 80 is not looked at; empty when it is.
std::string Port80Reason(const WalkTask& task);
// By the family that connected first; else by the first there is.
std::optional<IpAddress> Port80Address(const std::vector<FamilyWalk>& families);

// Nothing was sent: no address, or the map's own fault.
void NothingReached(NodeParts& node, Stage after);

void RecordTargets(NodeParts& node);  // before the others: they add to it
void RecordStun(NodeParts& node);
void RecordPort80(NodeParts& node);

}  // namespace derp::diagnosis
