#include "derpprobe/once/text_report.h"

#include <catch2/catch.hpp>

#include "common/base/text.h"
#include "tests/support/run_reports.h"

using namespace derp;
using namespace derp::probe;
using namespace derp::test;

namespace {

cli::Terminal Plain() {
  cli::Terminal terminal;
  terminal.is_tty = false;
  terminal.colour = false;
  terminal.utf8 = true;
  return terminal;
}

std::string Render(const diagnosis::RunReport& report, bool verbose = false,
                   const cli::Terminal& terminal = Plain()) {
  return TextReport({.report = report,
                     .map_shown = "headscale.example.net",
                     .map_regions = 1,
                     .map_nodes = report.nodes.size(),
                     .time = FromUnixSeconds(1'795'259'423),
                     .took = std::chrono::milliseconds(3200),
                     .verbose = verbose},
                    terminal);
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("notes are one line, and blocks with -v", "[derpprobe][report]") {
  auto node = HealthyNode("5a", "192.0.2.1");
  diagnosis::Finding note = diagnosis::MakeFinding("cert.meta_missing");
  note.headline = "no fast start";
  diagnosis::Recorder(node).Note(note, kV4);
  const auto report = JudgeNodes({node});
  CHECK(Has(Render(report), "notes (-v shows them): cert.meta_missing\n"));
  CHECK(Has(Render(report), "no findings"));
  CHECK(Has(Render(report, true), "note[cert.meta_missing] fra/5a: no fast start\n"));
}

TEST_CASE("outside UTF-8 every sign has an ASCII form", "[derpprobe][report]") {
  cli::Terminal ascii = Plain();
  ascii.utf8 = false;
  const auto report =
      JudgeNodes({HealthyNode("5a", "192.0.2.1"), FailingNode("5b", "192.0.2.2", "tls.reset")},
                 {MeshOf({MeshPair("5a", "5b", false), MeshPair("5b", "5a", true)})});
  const std::string text = Render(report, true, ascii);
  for (const char c : text) CHECK(static_cast<unsigned char>(c) < 0x80);
  CHECK(Has(text, "x  fra/5b"));
}

TEST_CASE("colour repeats what the marks say and nothing is lost without", "[derpprobe][report]") {
  cli::Terminal coloured = Plain();
  coloured.is_tty = coloured.colour = true;
  const auto report = JudgeNodes({FailingNode("5b", "192.0.2.2", "tls.reset")});
  std::string text = Render(report, false, coloured);
  CHECK(Has(text, "\x1b["));
  for (std::size_t at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b')) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  CHECK(text == Render(report));
}

TEST_CASE("above twelve nodes usable ones are one line", "[derpprobe][report]") {
  std::vector<diagnosis::NodeReport> nodes;
  for (int i = 1; i <= 13; ++i) {
    nodes.push_back(HealthyNode("5n" + std::to_string(i), "192.0.2." + std::to_string(i)));
  }
  const auto report = JudgeNodes(nodes);
  CHECK(Has(Render(report), "✓  13 usable: fra/5n1, fra/5n2, fra/5n3, ...\n"));
  CHECK(Has(Render(report, true), "✓  fra/5n13"));
}

TEST_CASE("many findings of one code are one block", "[derpprobe][report]") {
  std::vector<diagnosis::NodeReport> nodes;
  for (int i = 1; i <= 11; ++i) {
    nodes.push_back(
        FailingNode("5n" + std::to_string(i), "192.0.2." + std::to_string(i), "cert.expired"));
  }
  const std::string text = Render(JudgeNodes(nodes));
  CHECK(Has(text, "error[cert.expired] 11 places: fails\n"));
  CHECK(text.find("error[cert.expired]") == text.rfind("error[cert.expired]"));
}

TEST_CASE("no line is wider than 100 columns, whatever the names", "[derpprobe][report]") {
  const std::string long_name(70, 'n');
  auto bad = FailingNode(long_name, "192.0.2.1", "tls.alert");
  bad.host = std::string(150, 'h');
  bad.findings[0].headline = std::string(130, 'w') + " → " + std::string(40, 'x');
  for (int i = 0; i < 40; ++i) bad.findings[0].fact += " and → on";
  bad.findings[0].advice = std::string(250, 'y');
  auto slow = HealthyNode("999a", "192.0.2.2");
  slow.region = "headscale-embedded";
  slow.relay_rtt = std::chrono::milliseconds(1234);
  slow.targets[0].stun_rtt = std::chrono::microseconds(987'654);
  slow.cert_days_left = -12345;
  for (const diagnosis::Stage stage :
       {diagnosis::Stage::kAdmission, diagnosis::Stage::kBandwidth, diagnosis::Stage::kQueue}) {
    diagnosis::Recorder(slow).Ok(stage, kV4, std::chrono::milliseconds(1));
  }
  auto report = JudgeNodes({bad, slow});
  diagnosis::TransferReport transfer;
  transfer.region = transfer.from = transfer.to = long_name;
  transfer.error = "closed";
  report.transfers.push_back(transfer);
  report.counts.mesh_directions = report.counts.warnings = 1'000'000;
  for (const bool utf8 : {true, false}) {
    for (const bool verbose : {true, false}) {
      cli::Terminal terminal = Plain();
      terminal.utf8 = utf8;
      const std::string text = Render(report, verbose, terminal);
      for (const std::string_view line : Split(text, '\n')) {
        CAPTURE(std::string(line));
        CHECK(cli::DisplayWidth(line) <= 100);
      }
    }
  }
}

TEST_CASE("a column stands for what was asked for", "[derpprobe][report]") {
  auto node = HealthyNode("5a", "192.0.2.1");
  AddSides(node, kV4);
  diagnosis::Recorder(node).Ok(diagnosis::Stage::kAdmission, {}, std::chrono::milliseconds(1));
  const std::string text = Render(JudgeNodes({node}));
  CHECK(Has(text, " stun p80 lat ws adm    RELAY    STUN  CERT\n"));
  CHECK(Has(text, "  ✓    ✓   ✓  ✓   ✓    1.1 ms  4.2 ms  61 d\n"));
}

TEST_CASE("pairs are lines with their units", "[derpprobe][report]") {
  auto report = JudgeNodes({HealthyNode("5a", "192.0.2.1")});
  AddMeasuredPairs(report);
  const std::string text = Render(report);
  CHECK(Has(text, "\n   BANDWIDTH\n✓  fra/5a → 5c   100.0 Mbit/s  1000000 bytes in 80.0 ms\n"));
  CHECK(Has(text,
            "\n   QUEUING DELAY\n"
            "!  fra/5a → 5c   p50 1.2 ms  p99 8.2 ms  max 8.2 ms  3 of 100 lost\n"));
}

TEST_CASE("the prober's own trouble and dead nodes come before the rest", "[derpprobe][report]") {
  auto soon = HealthyNode("5a", "192.0.2.1");
  diagnosis::Recorder(soon).Note(diagnosis::MakeFinding("cert.expiring_soon", "soon", "x", "y"),
                                 kV4);
  const auto report = JudgeNodes({soon, FailingNode("5b", "192.0.2.2", "tls.reset")});
  CHECK(report.findings[0].code == "tls.reset");
}

TEST_CASE("a closed relay's summary says what was not tested", "[derpprobe][report]") {
  auto node = HealthyNode("5a", "192.0.2.1");
  diagnosis::Recorder(node).Note(diagnosis::MakeFinding("admission.closed", "closed", "x", "y"),
                                 kV4);
  CHECK(Has(Render(JudgeNodes({node})),
            "OK  1 impaired of 1 node; 1 warning; relay not tested on 1  (3.2 s, exit 0)\n"));
}

TEST_CASE("with -v stages that did not run for one reason share a line", "[derpprobe][report]") {
  auto node = FailingNode("5b", "192.0.2.2", "tls.reset");
  for (const diagnosis::Stage stage : {diagnosis::Stage::kTcp, diagnosis::Stage::kTls}) {
    diagnosis::Recorder(node).Skip(stage, kV6, "map says none");
  }
  const std::string text = Render(JudgeNodes({node}), true);
  CHECK(Has(text,
            "fra/5b  derp5b.example.net:443  unusable\n"
            "    all        –         –  ipv6  map says none\n"
            "    dns        –         –  literal\n"
            "    tcp        ✓    1.0 ms  ipv4 192.0.2.2:443\n"
            "    tls        ✕    1.0 ms  ipv4  tls.reset\n"
            "    cert–mesh  ·         –  after tls\n"
            "    stun       ✓    4.0 ms  ipv4 192.0.2.2:3478\n"));
}
