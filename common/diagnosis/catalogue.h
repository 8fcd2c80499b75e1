// The one table of all finding codes (findings.md 3): what -explain prints, what docs/findings.md
// is generated from, and where every finding takes its stage and severity from. Constant data.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnosis/finding.h"

namespace derp::diagnosis {

struct CatalogueEntry {
  std::string_view code;
  Severity severity;
  std::string_view means;     // what it means for a client or an operator
  std::string_view decided;   // how it was decided
  std::string_view causes;    // usual ones, separated by " / "
  std::string_view check;     // a command or a look that confirms it
  std::string_view fix;       // what to do
  std::string_view see_also;  // other codes, separated by ", "; may be empty
  Stage stage = Stage::kMap;
  std::string_view since = "0.1";
};

// All codes in the order of the contract.
const std::vector<CatalogueEntry>& Catalogue();

// Null when there is no such code.
const CatalogueEntry* FindEntry(std::string_view code);

// The stages that a finding of this code leaves not reached when it ends a walk; empty when it
// does not.
std::vector<Stage> HiddenStages(const CatalogueEntry& entry);

// A finding with stage and severity of its code. The code must exist.
Finding MakeFinding(std::string_view code);
Finding MakeFinding(std::string_view code, std::string headline, std::string fact,
                    std::string advice);

// The page `derpprobe -explain CODE` prints (output.md 2).
std::string ExplainText(const CatalogueEntry& entry);

// docs/findings.md as a whole.
std::string CatalogueMarkdown();

}  // namespace derp::diagnosis
