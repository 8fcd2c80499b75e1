#include "derper/web/debug_index.h"

#include <cmath>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/http/html.h"
#include "derper/web/pages.h"

namespace derp::relay {
namespace {

using http::EscapeHtml;
using metrics::Family;
using metrics::Sample;

std::string MachineName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

// 12345678 as "12,345,678".
std::string Grouped(double value) {
  std::string digits = fmt::format("{:.0f}", value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string Size(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, kUnits[unit]);
}

class Figures {
 public:
  explicit Figures(const std::vector<Family>& families) : families_(families) {}

  const Family* Find(std::string_view name) const {
    for (const Family& family : families_) {
      if (family.name == name) return &family;
    }
    return nullptr;
  }
  // The sum of its samples, 0 without any.
  double Total(std::string_view name) const {
    double sum = 0;
    if (const Family* family = Find(name)) {
      for (const Sample& sample : family->samples) sum += sample.value;
    }
    return sum;
  }
  double Labelled(std::string_view name, std::string_view value) const {
    if (const Family* family = Find(name)) {
      for (const Sample& sample : family->samples) {
        if (!sample.labels.empty() && sample.labels.front().second == value) return sample.value;
      }
    }
    return 0;
  }

 private:
  const std::vector<Family>& families_;
};

std::string Badge(std::string_view state, std::string_view text) {
  return fmt::format("<span class=\"b {}\">{}</span>", state, EscapeHtml(text));
}

std::string Clients(const Figures& figures) {
  std::string out = "<section><h2>Clients</h2>\n<dl class=\"facts\">\n";
  out += Definition("Connected", fmt::format("{} keys, {} connections",
                                             Grouped(figures.Total("derp_clients_local")),
                                             Grouped(figures.Total("derp_current_connections"))));
  out += Definition("At home here",
                    fmt::format("{}; {} would rather be at another node",
                                Grouped(figures.Total("derp_current_home_connections")),
                                Grouped(figures.Total("derp_current_notideal_connections"))));
  out += Definition("Region", fmt::format("{} keys, {} of them through the mesh only",
                                          Grouped(figures.Total("derp_clients_total")),
                                          Grouped(figures.Total("derp_clients_remote"))));
  if (const double duplicates = figures.Total("derp_current_dup_client_keys"); duplicates > 0) {
    out += Definition("Duplicates",
                      fmt::format("{} keys with {} connections", Grouped(duplicates),
                                  Grouped(figures.Total("derp_current_dup_client_conns"))));
  }
  const auto traffic = [&](const char* name, const char* packets, const char* bytes) {
    out += Definition(name, fmt::format("{} packets, {}", Grouped(figures.Total(packets)),
                                        Size(figures.Total(bytes))));
  };
  traffic("Received", "derp_packets_received", "derp_bytes_received");
  traffic("Sent", "derp_packets_sent", "derp_bytes_sent");
  traffic("Dropped", "derp_packets_dropped", "derp_bytes_dropped");
  return out + "</dl></section>\n";
}

std::string MeshLinks(const Figures& figures) {
  const Family* links = figures.Find("derper_mesh_link_up");
  if (links == nullptr || links->samples.empty()) return {};
  std::string out =
      "<section><h2>Mesh links</h2>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\" "
      "class=\"l\">"
      "Relay</th><th scope=\"col\">State</th><th scope=\"col\">Keys "
      "there</th></tr></thead>\n<tbody>\n";
  for (const Sample& link : links->samples) {
    const std::string& host = link.labels.front().second;
    out += fmt::format(
        "<tr><th scope=\"row\" class=\"l\">{}</th><td>{}</td><td class=\"num\">{}</td></tr>\n",
        EscapeHtml(host), link.value > 0 ? Badge("ok", "✓ up") : Badge("fail", "✕ down"),
        Grouped(figures.Labelled("derper_mesh_peers", host)));
  }
  return out + "</tbody>\n</table></div></section>\n";
}

constexpr double kSoonDays = 14;

double DaysLeft(const Sample& certificate, WallTime now) {
  constexpr double kDay = 86400;
  return std::floor((certificate.value - static_cast<double>(UnixSeconds(now))) / kDay);
}

std::string Certificates(const Figures& figures, WallTime now) {
  const Family* ends = figures.Find("derper_certificate_not_after_seconds");
  if (ends == nullptr || ends->samples.empty()) return {};
  std::string out = "<section><h2>Certificates</h2>\n<dl class=\"facts\">\n";
  for (const Sample& end : ends->samples) {
    const double days = DaysLeft(end, now);
    const std::string badge = days < 0 ? Badge("fail", "✕ expired")
                              : days < kSoonDays
                                  ? Badge("warn", fmt::format("! {:.0f} days left", days))
                                  : Badge("ok", fmt::format("✓ {:.0f} days left", days));
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", EscapeHtml(end.labels.front().second), badge);
  }
  return out + "</dl></section>\n";
}

// The one sentence that names the worst.
std::string Verdict(const Figures& figures, WallTime now) {
  std::string state = "ok";
  std::string text = fmt::format("✓ {} clients", Grouped(figures.Total("derp_clients_local")));
  std::size_t down = 0;
  if (const Family* links = figures.Find("derper_mesh_link_up")) {
    for (const Sample& link : links->samples) down += link.value > 0 ? 0 : 1;
    const std::size_t all = links->samples.size();
    if (down == 0 && all > 0) text += fmt::format(", {} of {} mesh links up", all, all);
    if (down > 0) {
      state = "warn";
      text = fmt::format("! {} of {} mesh links down", down, all);
    }
  }
  if (const Family* ends = figures.Find("derper_certificate_not_after_seconds")) {
    for (const Sample& end : ends->samples) {
      const double days = DaysLeft(end, now);
      if (days >= kSoonDays) continue;
      const bool expired = days < 0;
      if (!expired && state == "fail") continue;
      state = expired ? "fail" : "warn";
      text = expired
                 ? fmt::format("✕ the certificate for {} has expired", end.labels.front().second)
                 : fmt::format("! the certificate for {} ends in {:.0f} days",
                               end.labels.front().second, days);
    }
  }
  return fmt::format("<p class=\"verdict {0}\"><b class=\"{0}\">{1}</b></p>\n", state,
                     EscapeHtml(text));
}

std::string Process(const Figures& figures) {
  std::string out = "<section><h2>Process</h2>\n<dl class=\"facts\">\n";
  out += Definition("Memory", fmt::format("{} resident, {} on the heap",
                                          Size(figures.Total("process_resident_memory_bytes")),
                                          Size(figures.Total("memstats_heap_alloc"))));
  out +=
      Definition("Descriptors", fmt::format("{} of {}", Grouped(figures.Total("process_open_fds")),
                                            Grouped(figures.Total("process_max_fds"))));
  out +=
      Definition("CPU time", fmt::format("{:.1f} s", figures.Total("process_cpu_seconds_total")));
  return out + "</dl></section>\n";
}

std::string LinksOf(const DebugIndexFacts& facts) {
  std::vector<PageLink> links;
  for (const auto& [path, title] : facts.links) {
    links.push_back({.href = path, .name = path, .text = title});
  }
  std::string out = "<h2>Look further</h2>\n" + LinkList(links);
  if (!facts.sees_private_pages) {
    out +=
        "<p class=\"mut\">Profiles and traffic need this machine, an address of "
        "TS_DEBUG_TRUSTED_CIDRS or TS_ALLOW_DEBUG_IP, or the key of TS_DEBUG_KEY_PATH: an address "
        "of the tailnet alone does not open them.</p>\n";
  }
  return out;
}

}  // namespace

std::string DebugIndex(const DebugIndexFacts& facts, const std::vector<Family>& families) {
  const Figures figures(families);
  std::string body = "<header><h1>derper debug</h1>\n" + Verdict(figures, facts.now) +
                     "</header>\n<main>\n<dl class=\"facts\">\n";
  body += Definition("Uptime", FormatGoDuration(facts.uptime));
  body += Definition("Version", facts.version);
  body += Definition("Machine", MachineName());
  body += Definition("TLS hostname", facts.hostname.empty() ? "– (clear text)" : facts.hostname);
  body += Definition("Mesh key", facts.has_mesh_key ? "true" : "false");
  body += "</dl>\n";
  body += "<div class=\"cols\">\n" + Clients(figures) + Process(figures) + MeshLinks(figures) +
          Certificates(figures, facts.now) + "</div>\n" + LinksOf(facts);
  return Page("derper debug", body + "</main>\n");
}

}  // namespace derp::relay
