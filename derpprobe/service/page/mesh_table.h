// A region's mesh and what was sent through it, as tables. Pure.
#pragma once

#include <string>

#include "common/diagnosis/report.h"

namespace derp::probe {

// Row sends, column receives; above six nodes only the directions that fail. Empty for fewer than
// two nodes.
std::string MeshTable(const diagnosis::RunReport& report, const diagnosis::MeshReport& mesh);

// Bandwidth and queuing delay per pair of the region, as far as they were measured.
std::string TransferTables(const diagnosis::RunReport& report, std::int64_t region_id);

}  // namespace derp::probe
