#include "derpprobe/once/pair_tables.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/units.h"
#include "derpprobe/once/layout.h"
#include "derpprobe/once/marks.h"

namespace derp::probe {

namespace {

using cli::Mark;
using cli::Terminal;
using diagnosis::MeshReport;
using diagnosis::NodeReport;
using diagnosis::Outcome;
using diagnosis::RunReport;
using diagnosis::Stage;

constexpr std::size_t kFewestNodes = 3;
constexpr std::size_t kMostNodes = 12;
constexpr std::size_t kMostPairs = 12;
constexpr std::size_t kLeastCell = 6;

std::string Cell(const std::optional<Duration>& rtt, Mark otherwise, const Terminal& terminal) {
  if (!rtt) return std::string(terminal.MarkText(otherwise));
  const double ms = std::chrono::duration<double, std::milli>(*rtt).count();
  return ms < 100 ? fmt::format("{:.1f}", ms) : fmt::format("{:.0f}", ms);
}

Mark StageMark(const NodeReport& node, Stage stage) {
  const auto outcome = node.Worst(stage);
  return outcome ? MarkOf(*outcome) : Mark::kUnknown;
}

std::string CellOf(const NodeReport& from, const NodeReport& to, const MeshReport* mesh,
                   const Terminal& terminal) {
  if (&from == &to) return Cell(from.relay_rtt, StageMark(from, Stage::kRelay), terminal);
  const diagnosis::MeshDirection* direction =
      mesh == nullptr ? nullptr : mesh->Find(from.node, to.node);
  if (direction != nullptr) {
    const auto rtt = direction->rtt ? direction->rtt : direction->first;
    return Cell(rtt, Mark::kFail, terminal);
  }
  for (const NodeReport* end : {&from, &to}) {
    const Mark mark = StageMark(*end, Stage::kMesh);
    if (mark == Mark::kNotReached || mark == Mark::kSkipped) {
      return std::string(terminal.MarkText(mark));
    }
  }
  return std::string(terminal.MarkText(Mark::kUnknown));
}

template <typename Pair>
std::string PairName(const Pair& pair) {
  return CutPlace(PrintablePeerText(pair.region), PrintablePeerText(pair.from), 20) + " → " +
         Cut(PrintablePeerText(pair.to), 14);
}

std::string BitRate(double bits_per_second) {
  if (bits_per_second >= 1e9) return fmt::format("{:.2f} Gbit/s", bits_per_second / 1e9);
  if (bits_per_second >= 1e6) return fmt::format("{:.1f} Mbit/s", bits_per_second / 1e6);
  return fmt::format("{:.0f} kbit/s", bits_per_second / 1e3);
}

std::string WordsOf(const diagnosis::TransferReport& transfer) {
  if (!transfer.bits_per_second) {
    return fmt::format("–  {} of {} bytes arrived", transfer.received, transfer.size);
  }
  return fmt::format("{}  {} bytes in {}{}", BitRate(*transfer.bits_per_second), transfer.received,
                     diagnosis::Milliseconds(transfer.transfer),
                     transfer.over_tun ? ", over TUN" : "");
}

std::string WordsOf(const diagnosis::QueueReport& queue) {
  const auto value = [](const std::optional<Duration>& duration) {
    return duration ? diagnosis::Milliseconds(*duration) : "–";
  };
  return fmt::format("p50 {}  p99 {}  max {}  {} of {} lost", value(queue.p50), value(queue.p99),
                     value(queue.most), queue.lost, queue.lost + queue.received);
}

template <typename Pair>
std::string Lines(const std::vector<Pair>& pairs, std::string_view title, bool verbose,
                  const Terminal& terminal) {
  if (pairs.empty()) return {};
  std::size_t width = 0;
  std::size_t good = 0;
  const bool all = verbose || pairs.size() <= kMostPairs;
  for (const Pair& pair : pairs) width = std::max(width, cli::DisplayWidth(PairName(pair)));
  std::string text = fmt::format("\n   {}\n", title);
  for (const Pair& pair : pairs) {
    if (!all && pair.outcome == Outcome::kOk) {
      ++good;
      continue;
    }
    text += fmt::format("{}  {}   {}\n", terminal.PaintMark(MarkOf(pair.outcome)),
                        Pad(PairName(pair), width), WordsOf(pair));
  }
  if (good > 0) {
    text += fmt::format("{}  {} more good\n", terminal.PaintMark(Mark::kOk), good);
  }
  return text;
}

}  // namespace

std::string MeshMatrix(const RunReport& report, std::int64_t region_id, std::string_view indent,
                       const Terminal& terminal) {
  std::vector<const NodeReport*> nodes;
  for (const NodeReport& node : report.nodes) {
    if (node.region_id == region_id && !node.stun_only) nodes.push_back(&node);
  }
  if (nodes.size() < kFewestNodes || nodes.size() > kMostNodes) return {};
  const auto found =
      std::find_if(report.meshes.begin(), report.meshes.end(),
                   [region_id](const MeshReport& mesh) { return mesh.region_id == region_id; });
  const MeshReport* mesh = found == report.meshes.end() ? nullptr : &*found;
  std::string_view corner = "from\\to";
  std::size_t cell = kLeastCell;
  std::size_t head = corner.size();
  std::vector<std::string> names;
  for (const NodeReport* node : nodes) {
    names.push_back(PrintablePeerText(node->node));
    cell = std::max(cell, cli::DisplayWidth(names.back()) + 1);
    head = std::max(head, cli::DisplayWidth(names.back()));
  }
  if (indent.size() + head + cell * nodes.size() > kReportWidth) return {};
  std::string text = std::string(indent) + Pad(std::string(corner), head);
  for (const std::string& name : names) text += PadLeft(name, cell);
  text += "\n";
  for (std::size_t from = 0; from < nodes.size(); ++from) {
    text += std::string(indent) + Pad(names[from], head);
    for (const NodeReport* to : nodes) {
      text += PadLeft(CellOf(*nodes[from], *to, mesh, terminal), cell);
    }
    text += "\n";
  }
  return text;
}

std::string PairLines(const RunReport& report, bool verbose, const Terminal& terminal) {
  return Lines(report.transfers, "BANDWIDTH", verbose, terminal) +
         Lines(report.queues, "QUEUING DELAY", verbose, terminal);
}

}  // namespace derp::probe
