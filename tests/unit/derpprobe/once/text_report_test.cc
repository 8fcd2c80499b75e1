#include "derpprobe/once/text_report.h"

#include <catch2/catch.hpp>

#include "common/base/text.h"
#include "common/diagnosis/judgement.h"
#include "tests/support/node_reports.h"

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

diagnosis::RunReport JudgeNodes(std::vector<diagnosis::NodeReport> nodes,
                                std::vector<diagnosis::MeshReport> meshes = {}) {
  diagnosis::Measurement measured;
  measured.nodes = std::move(nodes);
  measured.meshes = std::move(meshes);
  return diagnosis::Judge(std::move(measured));
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

diagnosis::MeshReport Mesh(std::vector<diagnosis::MeshDirection> directions) {
  diagnosis::MeshReport mesh;
  mesh.region = "fra";
  mesh.region_id = 5;
  mesh.directions = std::move(directions);
  return mesh;
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a healthy run shows its rows and ends with OK", "[derpprobe][report]") {
  const auto report = JudgeNodes({HealthyNode("5a", "192.0.2.1"), HealthyNode("5b", "192.0.2.2")},
                                 {Mesh({MeshPair("5a", "5b", true), MeshPair("5b", "5a", true)})});
  const std::string expected =
      "derpprobe 0.1.0  map headscale.example.net (1 region, 2 nodes)  2026-11-21T11:10:23Z\n"
      "\n"
      "   NODE      dns tcp tls cert http derp relay mesh stun      RELAY    STUN   CERT\n"
      "✓  fra/5a     –   ✓   ✓   ✓    ✓    ✓    ✓     ✓    ✓       1.1 ms  4.2 ms   61 d\n"
      "✓  fra/5b     –   ✓   ✓   ✓    ✓    ✓    ✓     ✓    ✓       1.1 ms  4.2 ms   61 d\n"
      "\n"
      "OK  2 of 2 nodes usable, 2 of 2 mesh directions, no findings  (3.2 s, exit 0)\n";
  CHECK(Render(report) == expected);
}

TEST_CASE("a failing run shows the worst first and a block per finding", "[derpprobe][report]") {
  auto bad = FailingNode("5b", "192.0.2.2", "cert.expired");
  bad.cert_days_left = -2;
  bad.findings[0].headline = "certificate expired 2 days ago";
  bad.findings[0].fact = "not after 2026-11-19T09:01:58Z, issuer \"Example CA R3\"";
  bad.findings[0].advice = "renew it and reload the relay";
  const auto report = JudgeNodes({HealthyNode("5a", "192.0.2.1"), bad});
  const std::string expected =
      "derpprobe 0.1.0  map headscale.example.net (1 region, 2 nodes)  2026-11-21T11:10:23Z\n"
      "\n"
      "   NODE      dns tcp tls cert http derp relay mesh stun      RELAY    STUN   CERT\n"
      "✕  fra/5b     –   ✓   ✓   ✕    ·    ·    ·     ·    ✓            –  4.2 ms   -2 d\n"
      "✓  1 more usable: fra/5a\n"
      "   ✓ ok  ! warn  ✕ fail  – skipped  · not reached\n"
      "\n"
      "error[cert.expired] fra/5b: certificate expired 2 days ago\n"
      "    at    derp5b.example.net:443 (192.0.2.2)\n"
      "    fact  not after 2026-11-19T09:01:58Z, issuer \"Example CA R3\"; 4 stages not reached\n"
      "    help  renew it and reload the relay\n"
      "\n"
      "FAIL  1 unusable, 1 usable of 2 nodes; 1 error  (3.2 s, exit 1)\n"
      "      More: derpprobe -explain cert.expired\n";
  CHECK(Render(report) == expected);
}

TEST_CASE("a mesh finding shows the matrix of its region", "[derpprobe][report]") {
  std::vector<diagnosis::MeshDirection> directions;
  for (const auto* from : {"5a", "5b", "5c"}) {
    for (const auto* to : {"5a", "5b", "5c"}) {
      if (std::string_view(from) == to) continue;
      const bool dead = std::string_view(from) == "5a" && std::string_view(to) == "5c";
      directions.push_back(MeshPair(from, to, !dead));
    }
  }
  const auto report = JudgeNodes({HealthyNode("5a", "192.0.2.1"), HealthyNode("5b", "192.0.2.2"),
                                  HealthyNode("5c", "192.0.2.3")},
                                 {Mesh(directions)});
  const std::string text = Render(report);
  CHECK(Has(text, "error[mesh.one_way] fra: 5a → 5c delivers nothing\n"));
  CHECK(Has(text,
            "          from\\to     5a     5b     5c\n"
            "          5a           –    1.3      ✕\n"));
}

TEST_CASE("outside UTF-8 every sign has an ASCII form", "[derpprobe][report]") {
  cli::Terminal ascii = Plain();
  ascii.utf8 = false;
  const auto report =
      JudgeNodes({HealthyNode("5a", "192.0.2.1"), FailingNode("5b", "192.0.2.2", "tls.reset")},
                 {Mesh({MeshPair("5a", "5b", false), MeshPair("5b", "5a", true)})});
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

TEST_CASE("no line is wider than 100 columns", "[derpprobe][report]") {
  auto node = FailingNode("a-node-with-a-very-long-name-indeed", "192.0.2.1", "tls.alert");
  for (int i = 0; i < 40; ++i) node.findings[0].fact += " and so on";
  const std::string text = Render(JudgeNodes({node}), true);
  for (const std::string_view line : Split(text, '\n')) {
    CAPTURE(std::string(line));
    CHECK(cli::DisplayWidth(line) <= 100);
  }
}
