#include "common/diagnosis/catalogue.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "common/base/text.h"

using namespace derp;
using namespace derp::diagnosis;

TEST_CASE("every code is there once and belongs to its stage", "[diagnosis][catalogue]") {
  std::set<std::string_view> codes;
  for (const CatalogueEntry& entry : Catalogue()) {
    CAPTURE(entry.code);
    CHECK(codes.insert(entry.code).second);
    const std::string_view prefix = entry.code.substr(0, entry.code.find('.'));
    if (entry.code == "node.unreachable") {
      CHECK(entry.stage == Stage::kTcp);
    } else {
      CHECK(prefix == StageName(entry.stage));
    }
  }
  CHECK(codes.size() == 114);
}

TEST_CASE("every entry says all a reader needs", "[diagnosis][catalogue]") {
  for (const CatalogueEntry& entry : Catalogue()) {
    CAPTURE(entry.code);
    for (const std::string_view text :
         {entry.means, entry.decided, entry.causes, entry.check, entry.fix}) {
      CHECK_FALSE(text.empty());
      CHECK_FALSE(text.ends_with('.'));
    }
    if (entry.see_also.empty()) continue;
    for (const std::string_view other : Split(entry.see_also, ',')) {
      CAPTURE(other);
      CHECK(FindEntry(TrimSpace(other)) != nullptr);
      CHECK(TrimSpace(other) != entry.code);
    }
  }
}

TEST_CASE("an unknown code has no entry", "[diagnosis][catalogue]") {
  CHECK(FindEntry("cert.nonsense") == nullptr);
  CHECK(FindEntry("") == nullptr);
}

TEST_CASE("an error of the main chain hides what follows it", "[diagnosis][catalogue]") {
  const auto hidden = HiddenStages(*FindEntry("cert.expired"));
  CHECK(hidden == std::vector<Stage>{Stage::kHttp, Stage::kDerp, Stage::kRelay, Stage::kMesh,
                                     Stage::kLatency, Stage::kWs});
  CHECK(HiddenStages(*FindEntry("cert.expiring_soon")).empty());
  CHECK(HiddenStages(*FindEntry("stun.no_reply")).empty());
  CHECK(HiddenStages(*FindEntry("tls.version")).empty());
}

TEST_CASE("the page of a code has its headline and its rows", "[diagnosis][catalogue]") {
  const std::string text = ExplainText(*FindEntry("cert.expired"));
  CHECK(text.starts_with("cert.expired  error, stage cert, since 0.1\n"));
  CHECK(text.ends_with(
      "\n  hides    http derp relay mesh latency ws     see also  cert.expiring, prober.clock\n"));
  const std::string long_page = ExplainText(*FindEntry("map.bad_pin"));
  CHECK(long_page.ends_with(
      "\n  hides    dns tcp tls cert http derp relay mesh stun port80 latency ws"
      "\n  see also map.pin_uppercase, cert.pin_mismatch\n"));
}

TEST_CASE("prose of a page stays within 100 columns", "[diagnosis][catalogue]") {
  for (const CatalogueEntry& entry : Catalogue()) {
    const std::string page = ExplainText(entry);
    for (const std::string_view line : Split(page, '\n')) {
      if (line.starts_with("  check ")) continue;
      CAPTURE(std::string(line));
      CHECK(line.size() <= 100);
    }
  }
}

TEST_CASE("docs/findings.md is the catalogue", "[diagnosis][catalogue]") {
  const auto path =
      std::filesystem::path(DERP_TEST_DATA).parent_path().parent_path() / "docs/findings.md";
  std::ifstream file(path);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  // When this fails: derpprobe -explain all > docs/findings.md
  CHECK(text.str() == CatalogueMarkdown());
}
