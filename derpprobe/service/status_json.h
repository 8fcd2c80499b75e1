// /status.json: what the status page knows, as the document of derpprobe/report. Pure.
#pragma once

#include <string>

#include "derpprobe/service/status_page.h"

namespace derp::probe {

std::string StatusJsonText(const BoardState& state, const PageOptions& options);

}  // namespace derp::probe
