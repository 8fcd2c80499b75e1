// /debug/traffic?format=html: the same figures for people.
#include <initializer_list>

#include <fmt/format.h>

#include "common/http/html.h"
#include "derper/web/traffic_view.h"

namespace derp::relay {
namespace {

using http::EscapeHtml;

std::string Amount(std::uint64_t bytes) {
  constexpr std::array<const char*, 4> kUnits = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string Milliseconds(std::uint64_t nanoseconds) {
  return fmt::format("{:.1f} ms", static_cast<double>(nanoseconds) / 1e6);
}

// "–" where nothing was queued.
std::string QueueTime(std::uint64_t sum, std::uint64_t most, std::uint64_t count) {
  if (count == 0) return "–";
  return fmt::format("{} / {}", Milliseconds(sum / count), Milliseconds(most));
}

std::string Age(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} d", seconds / 86'400);
}

// "3 queue_head, 1 unknown_dest".
std::string Drops(const std::array<std::uint64_t, kDropReasons>& drops) {
  std::string out;
  for (std::size_t i = 0; i < drops.size(); ++i) {
    if (drops[i] == 0) continue;
    if (!out.empty()) out += ", ";
    out += fmt::format("{} {}", drops[i], ReasonLabel(static_cast<DropReason>(i)));
  }
  return out.empty() ? "0" : out;
}

std::string Key(const NodePublic& key) {
  return fmt::format("<td class=\"l m\" title=\"{}\">{}</td>", key.ToString(),
                     EscapeHtml(key.ShortString()));
}

std::string Cell(std::string_view text, const char* style = "num") {
  return fmt::format("<td class=\"{}\">{}</td>", style, EscapeHtml(text));
}

std::string Kind(const ClientFigures& client) {
  std::string out(client.transport);
  if (client.websocket) out += " websocket";
  if (client.home) out += " home";
  if (client.mesh) out += " mesh";
  if (client.prober) out += " prober";
  if (client.paused) out += " paused";
  return out;
}

struct Column {
  std::string_view title;
  std::string_view sort;  // empty: not a column to sort by
};

std::string Head(std::initializer_list<Column> columns, const TrafficQuery& query) {
  std::string out = "<tr>";
  for (const Column& column : columns) {
    if (column.sort.empty()) {
      out += fmt::format("<th>{}</th>", column.title);
    } else if (column.sort == OrderName(query.order)) {
      out += fmt::format("<th aria-sort=\"descending\">{} ▾</th>", column.title);
    } else {
      out += fmt::format("<th><a href=\"?format=html&amp;sort={}&amp;top={}\">{}</a></th>",
                         column.sort, query.top, column.title);
    }
  }
  return out + "</tr>\n";
}

std::string ClientRow(const ClientFigures& client, const TrafficView& view) {
  const ClientCounts& counts = client.counts;
  std::string out =
      "<tr>" + Key(client.key) + Cell(client.address.ToString(), "l m") + Cell(Kind(client), "l");
  out += Cell(fmt::format("{} / {}", counts.packets_in, counts.packets_out));
  out += Cell(fmt::format("{} / {}", Amount(counts.bytes_in), Amount(counts.bytes_out)));
  out += Cell(Drops(counts.drops));
  out += Cell(QueueTime(counts.queue_ns, counts.queue_ns_most, counts.packets_out));
  out +=
      Cell(client.round_trip
               ? fmt::format("{:.1f} ms",
                             std::chrono::duration<double, std::milli>(*client.round_trip).count())
               : "–");
  out += Cell(fmt::format("{}", client.distinct_senders));
  return out + Cell(Age(view.taken - client.since)) + "</tr>\n";
}

std::string FlowRow(const FlowFigures& flow, const TrafficView& view) {
  const FlowCounts& counts = flow.counts;
  std::string out = "<tr>" + Key(flow.source) + Key(flow.destination);
  out += Cell(flow.to_mesh ? "over the mesh" : "here", "l");
  out += Cell(fmt::format("{}", counts.packets));
  out += Cell(Amount(counts.bytes));
  out += Cell(Drops(counts.drops));
  out += Cell(QueueTime(counts.queue_ns, counts.queue_ns_most, flow.to_mesh ? 0 : counts.packets));
  out += Cell(Age(std::max(view.taken - flow.last, Duration::zero())));
  return out + Cell(Age(view.taken - flow.since)) + "</tr>\n";
}

std::string Table(std::string_view title, std::size_t shown, std::size_t total,
                  std::string_view head, std::string_view rows) {
  std::string out =
      fmt::format("<h2>{} <span class=\"mut\">{} of {}</span></h2>\n", title, shown, total);
  if (shown == 0) return out + "<p class=\"mut\">none</p>\n";
  return out + fmt::format("<div class=\"wide\" tabindex=\"0\"><table>\n{}{}</table></div>\n", head,
                           rows);
}

}  // namespace

std::string TrafficHtml(const TrafficView& view) {
  std::string out = fmt::format(
      "<header><h1>Traffic</h1>\n<p class=\"mut\">{}, since each connection began. Sorted by {}. "
      "<a href=\"?format=json&amp;sort={}&amp;top={}\">JSON</a> "
      "<a href=\"/debug/\">debug pages</a></p></header>\n<main>\n",
      FormatRfc3339(view.time), OrderName(view.query.order), OrderName(view.query.order),
      view.query.top);
  std::string rows;
  for (const ClientFigures& client : view.clients) rows += ClientRow(client, view);
  out += Table("Clients", view.clients.size(), view.clients_in_all,
               Head({{"client", ""},
                     {"address", ""},
                     {"kind", ""},
                     {"packets in / out", "packets"},
                     {"bytes in / out", "bytes"},
                     {"dropped", "drops"},
                     {"queue mean / max", "queue"},
                     {"round trip", ""},
                     {"senders", ""},
                     {"connected", "age"}},
                    view.query),
               rows);
  rows.clear();
  for (const FlowFigures& flow : view.flows) rows += FlowRow(flow, view);
  out += Table("Flows", view.flows.size(), view.flows_in_all,
               Head({{"from", ""},
                     {"to", ""},
                     {"way", ""},
                     {"packets", "packets"},
                     {"bytes", "bytes"},
                     {"dropped", "drops"},
                     {"queue mean / max", "queue"},
                     {"idle", ""},
                     {"since", "age"}},
                    view.query),
               rows);
  const FlowCounts& rest = view.untracked.counts;
  out += fmt::format(
      "<p class=\"mut\">Flows that have no row: {} packets, {}, dropped {}; {} flows gave their "
      "row "
      "to others. Queue times are of packets that waited here for their "
      "destination.</p>\n</main>\n",
      rest.packets, Amount(rest.bytes), Drops(rest.drops), view.untracked.evicted);
  return out;
}

}  // namespace derp::relay
