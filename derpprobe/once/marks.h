// The mark of a verdict or an outcome, the same in every part of the report.
#pragma once

#include "common/cli/terminal.h"
#include "common/diagnosis/finding.h"

namespace derp::probe {

cli::Mark MarkOf(diagnosis::Verdict verdict);
cli::Mark MarkOf(diagnosis::Outcome outcome);

}  // namespace derp::probe
