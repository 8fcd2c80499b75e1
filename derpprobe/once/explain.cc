#include "derpprobe/once/explain.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/derpmap/nearest_name.h"
#include "common/diagnosis/catalogue.h"

namespace derp::probe {

namespace {

using diagnosis::CatalogueEntry;

std::string_view LastPart(std::string_view code) { return code.substr(code.rfind('.') + 1); }

// "expired" may have been meant as "cert.expired".
std::string_view Nearest(std::string_view written) {
  std::vector<std::string_view> codes;
  std::vector<std::string_view> parts;
  for (const CatalogueEntry& entry : diagnosis::Catalogue()) {
    codes.push_back(entry.code);
    parts.push_back(LastPart(entry.code));
  }
  if (written.find('.') != std::string_view::npos) return derpmap::NearestName(written, codes);
  const std::string_view part = derpmap::NearestName(written, parts);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!part.empty() && parts[i] == part) return codes[i];
  }
  return {};
}

std::string CodesOf(std::string_view stage) {
  std::vector<std::string> codes;
  for (const CatalogueEntry& entry : diagnosis::Catalogue()) {
    if (StageName(entry.stage) == stage) codes.emplace_back(entry.code);
  }
  return Join(codes, ", ");
}

}  // namespace

Explanation Explain(std::string_view code) {
  if (code == "all") return {0, diagnosis::CatalogueMarkdown(), ""};
  if (const CatalogueEntry* entry = diagnosis::FindEntry(code)) {
    return {0, diagnosis::ExplainText(*entry), ""};
  }
  std::string hint;
  const std::string of_stage = CodesOf(code);
  const std::string_view nearest = Nearest(code);
  if (!of_stage.empty()) {
    hint = fmt::format("; the stage has {}", of_stage);
  } else if (!nearest.empty()) {
    hint = fmt::format("; did you mean {}?", nearest);
  } else {
    hint = "; docs/findings.md lists all";
  }
  return {2, "",
          fmt::format("derpprobe: -explain {}: no such code{}\n", PrintablePeerText(code), hint)};
}

}  // namespace derp::probe
