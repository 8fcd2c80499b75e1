#include "derpprobe/service/page/mesh_table.h"

#include <vector>

#include <fmt/format.h>

#include "common/http/html.h"
#include "derpprobe/service/page/words.h"

namespace derp::probe {
namespace {

using diagnosis::MeshDirection;
using diagnosis::NodeReport;
using diagnosis::Outcome;
using http::EscapeHtml;

constexpr std::size_t kWholeMatrix = 6;  // above it, only failing directions are listed

std::vector<const NodeReport*> NodesOf(const diagnosis::RunReport& report, std::int64_t region_id) {
  std::vector<const NodeReport*> nodes;
  for (const NodeReport& node : report.nodes) {
    if (node.region_id == region_id && !node.stun_only) nodes.push_back(&node);
  }
  return nodes;
}

std::string Cell(const diagnosis::MeshReport& mesh, const NodeReport& from, const NodeReport& to) {
  if (&from == &to) {
    return fmt::format(R"(<td class="self">{} self</td>)", MillisText(from.relay_rtt));
  }
  const MeshDirection* direction = mesh.Find(from.node, to.node);
  if (direction == nullptr) return R"(<td class="skip">· not reached</td>)";
  const Badge badge = BadgeOf(direction->outcome);
  if (direction->outcome == Outcome::kFail) {
    return fmt::format(R"(<td class="fail"><b>{} lost</b></td>)", badge.mark);
  }
  return fmt::format(R"(<td><span class="{}">{}</span> {}</td>)", badge.css_class, badge.mark,
                     MillisText(direction->rtt));
}

std::string FailingDirections(const diagnosis::MeshReport& mesh) {
  std::string rows;
  for (const MeshDirection& direction : mesh.directions) {
    if (direction.outcome == Outcome::kOk) continue;
    const Badge badge = BadgeOf(direction.outcome);
    rows += fmt::format(R"(<li class="{}">{} {} → {} {}</li>)", badge.css_class, badge.mark,
                        EscapeHtml(direction.from), EscapeHtml(direction.to),
                        EscapeHtml(direction.code));
  }
  if (rows.empty()) {
    rows = fmt::format(R"(<li class="ok">✓ all {} directions work</li>)", mesh.directions.size());
  }
  return fmt::format(R"(<p class="mut">Mesh, failing directions</p><ul class="st">{}</ul>)", rows);
}

std::string Table(std::string_view caption, std::string_view columns, std::string_view rows) {
  return fmt::format(
      R"(<div class="wide" tabindex="0"><table><caption class="mut">{}</caption><tr>{}</tr>{}</table></div>)",
      caption, columns, rows);
}

std::string PairHead(std::string_view from, std::string_view to, Outcome outcome) {
  const Badge badge = BadgeOf(outcome);
  return fmt::format(R"(<tr><th scope="row">{} → {}</th><td class="{}">{} {}</td>)",
                     EscapeHtml(from), EscapeHtml(to), badge.css_class, badge.mark, badge.word);
}

std::string Bandwidth(const diagnosis::RunReport& report, std::int64_t region_id) {
  std::string rows;
  for (const auto& transfer : report.transfers) {
    if (transfer.region_id != region_id) continue;
    rows += PairHead(transfer.from, transfer.to, transfer.outcome);
    rows += fmt::format("<td>{}</td><td>{} of {} bytes</td><td>{}</td></tr>",
                        transfer.bits_per_second ? RateText(*transfer.bits_per_second) : "–",
                        transfer.received, transfer.size, transfer.over_tun ? "TUN" : "direct");
  }
  if (rows.empty()) return "";
  return Table("Bandwidth of the last transfer",
               R"(<th scope="col">pair</th><th scope="col">state</th><th scope="col">rate</th>)"
               R"(<th scope="col">arrived</th><th scope="col">by</th>)",
               rows);
}

std::string Queues(const diagnosis::RunReport& report, std::int64_t region_id) {
  std::string rows;
  for (const auto& queue : report.queues) {
    if (queue.region_id != region_id) continue;
    rows += PairHead(queue.from, queue.to, queue.outcome);
    rows += fmt::format("<td>{}</td><td>{}</td><td>{}</td><td>{} of {}</td></tr>",
                        MillisText(queue.p50), MillisText(queue.p99), MillisText(queue.most),
                        queue.lost, queue.lost + queue.received);
  }
  if (rows.empty()) return "";
  return Table("Queuing delay",
               R"(<th scope="col">pair</th><th scope="col">state</th><th scope="col">median</th>)"
               R"(<th scope="col">99 %</th><th scope="col">most</th><th scope="col">lost</th>)",
               rows);
}

}  // namespace

std::string MeshTable(const diagnosis::RunReport& report, const diagnosis::MeshReport& mesh) {
  const auto nodes = NodesOf(report, mesh.region_id);
  if (nodes.size() < 2) return "";
  if (nodes.size() > kWholeMatrix) return FailingDirections(mesh);
  std::string head = R"(<th scope="col">from \ to</th>)";
  std::string rows;
  for (const NodeReport* from : nodes) {
    head += fmt::format(R"(<th scope="col">{}</th>)", EscapeHtml(from->node));
    rows += fmt::format(R"(<tr><th scope="row">{}</th>)", EscapeHtml(from->node));
    for (const NodeReport* to : nodes) rows += Cell(mesh, *from, *to);
    rows += "</tr>";
  }
  return Table("Mesh, round trip: row sends, column receives", head, rows);
}

std::string TransferTables(const diagnosis::RunReport& report, std::int64_t region_id) {
  return Bandwidth(report, region_id) + Queues(report, region_id);
}

}  // namespace derp::probe
