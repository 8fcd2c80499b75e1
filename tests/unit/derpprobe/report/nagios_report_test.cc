#include "derpprobe/report/nagios_report.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "common/base/text.h"
#include "tests/unit/derpprobe/report/reports.h"

using namespace derp;
using namespace derp::probe;
using namespace derp::test;

namespace {

NagiosReport Say(const diagnosis::RunReport& report, bool warnings_are_errors = false) {
  return NagiosText(report, FactsOf(report.exit_status), warnings_are_errors);
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

TEST_CASE("a healthy round is OK with its figures behind the bar", "[derpprobe][nagios]") {
  const NagiosReport said = Say(JudgeNodes({HealthyNode("5a", "192.0.2.1")}));
  CHECK(said.status == 0);
  CHECK(said.text ==
        "DERP OK - 1 of 1 node usable\n"
        "0 errors, 0 warnings, 0 of 0 mesh directions | usable=1;;;0;1 impaired=0;;;0;1 "
        "unusable=0;;;0;1 unknown=0;;;0;1 errors=0;;;0 warnings=0;;;0 time=12.400s;;;0 "
        "'fra/5a relay'=0.001100s;;;0 'fra/5a stun'=0.004200s;;;0 'fra/5a cert_days'=61\n");
}

TEST_CASE("an error is critical and names the gravest finding", "[derpprobe][nagios]") {
  const NagiosReport said = Say(OneGoodOneBad());
  CHECK(said.status == 2);
  CHECK(FirstLine(said.text) ==
        "DERP CRITICAL - 1 of 2 nodes usable, 1 unusable: cert.expired fra/5b");
  CHECK(said.text.find("\nerror[cert.expired] fra/5b: fails; cert.expired over ipv4\n") !=
        std::string::npos);
  CHECK(said.text.find("\n1 error, 0 warnings, ") != std::string::npos);
}

TEST_CASE("a warning is a warning, or critical when it is asked to count", "[derpprobe][nagios]") {
  const auto report = JudgeNodes({WarnedNode()});
  CHECK(Say(report).status == 1);
  CHECK(FirstLine(Say(report).text) ==
        "DERP WARNING - 0 of 1 node usable, 1 impaired: cert.expiring fra/5a");
  CHECK(Say(report, true).status == 2);
}

TEST_CASE("only the prober's own trouble is unknown", "[derpprobe][nagios]") {
  const auto offline = JudgeNodes({FailingNode("5a", "192.0.2.1", "tcp.timeout", "stun.no_reply"),
                                   FailingNode("5b", "192.0.2.2", "tcp.timeout", "stun.no_reply")});
  REQUIRE(offline.findings[0].code == "prober.offline");
  CHECK(Say(offline).status == 3);
  CHECK(FirstLine(Say(offline).text) ==
        "DERP UNKNOWN - 0 of 2 nodes usable, 2 unknown: prober.offline");
  CHECK(Say(JudgeNodes({})).status == 2);  // nothing to judge is the map's fault
  CHECK(NagiosUnknown("flag -x").text == "DERP UNKNOWN - flag -x\n");
  CHECK(NagiosUnknown("flag -x").status == 3);
}

TEST_CASE("the first line stays below 80 characters and stands alone", "[derpprobe][nagios]") {
  std::vector<diagnosis::NodeReport> nodes;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "a-relay-with-quite-a-long-name-" + std::to_string(i);
    nodes.push_back(FailingNode(name, "192.0.2." + std::to_string(i + 1), "cert.incomplete_chain"));
  }
  nodes.push_back(HealthyNode("5a", "192.0.2.200"));
  const std::string text = Say(JudgeNodes(nodes)).text;
  CHECK(FirstLine(text).size() < 80);
  CHECK(FirstLine(text) ==
        "DERP CRITICAL - 1 of 41 nodes usable, 40 unusable: cert.incomplete_chain (+39)");
  CHECK(text.find("\n20 more findings\n") != std::string::npos);
  CHECK(FirstLine(NagiosUnknown(std::string(200, 'x')).text) ==
        "DERP UNKNOWN - derpprobe could not run");
}

TEST_CASE("there is one bar, whatever the names hold", "[derpprobe][nagios]") {
  auto node = FailingNode("5|b'=", "192.0.2.2", "tls.reset");
  node.findings[0].fact = "a | b\nc";
  const std::string text = Say(JudgeNodes({node, HealthyNode("5'a|", "192.0.2.1")})).text;
  CHECK(std::count(text.begin(), text.end(), '|') == 1);
  CHECK(text.find("'fra/5_a_ relay'=") != std::string::npos);
}
