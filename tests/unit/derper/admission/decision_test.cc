#include "derper/admission/decision.h"

#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

using namespace derp::admission;

namespace {

// A letter per verdict: (a)dmit, (r)efuse, a(b)stain.
Verdict VerdictOf(char letter) {
  if (letter == 'a') return {.outcome = Outcome::kAdmit, .reason = Reason::kAllowed};
  if (letter == 'r') return {.outcome = Outcome::kRefuse, .reason = Reason::kDenied, .text = "no"};
  return {.outcome = Outcome::kAbstain, .reason = Reason::kTimeout, .text = "gone"};
}

struct Row {
  std::string_view verdicts;
  bool admitted;
  bool fail_open;
  std::size_t after;  // verdicts until it is certain
};

void CheckRows(Mode mode, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.verdicts);
    Decision decision(mode, row.verdicts.size());
    std::size_t given = 0;
    for (std::size_t i = 0; i < row.verdicts.size(); ++i) {
      const auto decided = decision.Add(MethodKind::kUrl, VerdictOf(row.verdicts[i]));
      if (!decided) continue;
      ++given;
      CHECK(i + 1 == row.after);
      CHECK(decided->admitted == row.admitted);
      CHECK(decided->fail_open == row.fail_open);
      CHECK(decided->text == (row.fail_open ? "gone" : row.admitted ? "" : "no"));
    }
    CHECK(given == 1);
  }
}

}  // namespace

TEST_CASE("all methods must agree, one that cannot be asked does not object", "[admission]") {
  CheckRows(Mode::kAll, {{"a", true, false, 1},
                         {"r", false, false, 1},
                         {"b", true, true, 1},
                         {"aa", true, false, 2},
                         {"ar", false, false, 2},
                         {"ra", false, false, 1},
                         {"rr", false, false, 1},
                         {"ab", true, true, 2},
                         {"ba", true, true, 2},
                         {"br", false, false, 2},
                         {"rb", false, false, 1},
                         {"bb", true, true, 2},
                         {"aba", true, true, 3},
                         {"abr", false, false, 3}});
}

TEST_CASE("any method is enough, one that cannot be asked says nothing", "[admission]") {
  CheckRows(Mode::kAny, {{"a", true, false, 1},
                         {"r", false, false, 1},
                         {"b", true, true, 1},
                         {"aa", true, false, 1},
                         {"ar", true, false, 1},
                         {"ra", true, false, 2},
                         {"rr", false, false, 2},
                         {"ab", true, false, 1},
                         {"ba", true, false, 2},
                         {"br", false, false, 2},
                         {"rb", false, false, 2},
                         {"bb", true, true, 2},
                         {"rba", true, false, 3},
                         {"bbr", false, false, 3}});
}
