// Judged rounds made by hand, for the tests of every form of the report.
#pragma once

#include <utility>
#include <vector>

#include "common/diagnosis/judgement.h"
#include "tests/support/node_reports.h"

namespace derp::test {

inline diagnosis::RunReport JudgeNodes(std::vector<diagnosis::NodeReport> nodes,
                                       std::vector<diagnosis::MeshReport> meshes = {}) {
  diagnosis::Measurement measured;
  measured.nodes = std::move(nodes);
  measured.meshes = std::move(meshes);
  return diagnosis::Judge(std::move(measured));
}

// Of the region that NamedNode() puts its nodes in.
inline diagnosis::MeshReport MeshOf(std::vector<diagnosis::MeshDirection> directions) {
  diagnosis::MeshReport mesh;
  mesh.region = "fra";
  mesh.region_id = 5;
  mesh.directions = std::move(directions);
  return mesh;
}

// A transfer that went well and a queue that lost 3 of 100, both from 5a to 5c.
inline void AddMeasuredPairs(diagnosis::RunReport& report) {
  diagnosis::TransferReport transfer;
  transfer.region = "fra";
  transfer.from = "5a";
  transfer.to = "5c";
  transfer.size = transfer.received = 1'000'000;
  transfer.transfer = std::chrono::milliseconds(80);
  transfer.bits_per_second = 1e8;
  report.transfers.push_back(transfer);
  diagnosis::QueueReport queue;
  queue.region = "fra";
  queue.from = "5a";
  queue.to = "5c";
  queue.received = 97;
  queue.lost = 3;
  queue.p50 = std::chrono::microseconds(1200);
  queue.p99 = queue.most = std::chrono::microseconds(8200);
  queue.outcome = diagnosis::Outcome::kWarn;
  report.queues.push_back(queue);
}

}  // namespace derp::test
