#include "derpprobe/once/explain.h"

#include <catch2/catch.hpp>

#include "common/base/text.h"
#include "common/cli/terminal.h"
#include "common/diagnosis/catalogue.h"

using namespace derp;
using namespace derp::probe;

TEST_CASE("every code has a page that says what, why and what to do", "[derpprobe][explain]") {
  for (const auto& entry : diagnosis::Catalogue()) {
    const Explanation page = Explain(entry.code);
    CAPTURE(page.text);
    CHECK(page.status == 0);
    for (const std::string_view label : {"means", "decided", "causes", "check", "fix"}) {
      CHECK(page.text.find("\n  " + std::string(label)) != std::string::npos);
    }
    for (const std::string_view line : Split(page.text, '\n')) {
      CHECK(cli::DisplayWidth(line) <= 100);
      CHECK((line.empty() || line.back() != ' '));
    }
  }
}

TEST_CASE("an unknown code gets the nearest, a stage its codes", "[derpprobe][explain]") {
  CHECK(Explain("cert.expird").error ==
        "derpprobe: -explain cert.expird: no such code; did you mean cert.expired?\n");
  CHECK(Explain("no_reply").error ==
        "derpprobe: -explain no_reply: no such code; did you mean stun.no_reply?\n");
  CHECK(Explain("queue").error ==
        "derpprobe: -explain queue: no such code; the stage has queue.failed, queue.delay, "
        "queue.loss\n");
  CHECK(Explain("nothing like it").error ==
        "derpprobe: -explain nothing like it: no such code; docs/findings.md lists all\n");
  CHECK(Explain("nothing like it").status == 2);
}
