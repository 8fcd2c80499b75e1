#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "tests/bench/load/report.h"

namespace derp::load {
namespace {

constexpr double kMicro = 1e-3;  // of nanoseconds

std::string Times(const Histogram& histogram) {
  const auto us = [](std::uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) * kMicro;
  };
  return fmt::format("p50 {:.1f}  p99 {:.1f}  p999 {:.1f}  max {:.1f} us",
                     us(histogram.Percentile(0.5)), us(histogram.Percentile(0.99)),
                     us(histogram.Percentile(0.999)), us(histogram.max()));
}

template <typename... Args>
void Line(std::string& out, std::string_view name, fmt::format_string<Args...> format,
          Args&&... args) {
  fmt::format_to(std::back_inserter(out), "{:<12} ", name);
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  out += '\n';
}

void AddTraffic(std::string& out, const Options& options, const TrafficFigures& traffic) {
  const double seconds = std::chrono::duration<double>(options.duration).count();
  const auto delivered = static_cast<double>(traffic.delivered);
  Line(out, "delivered", "{} packets, {:.0f}/s, {:.1f} Mbit/s of payload", traffic.delivered,
       delivered / seconds, static_cast<double>(traffic.delivered_bytes) * 8 / seconds / 1e6);
  Line(out, "latency", "{} (one way{})", Times(traffic.latency),
       options.rate > 0 ? ", from the scheduled time" : "");
  if (options.rate > 0) Line(out, "own lateness", "{}", Times(traffic.lateness));
  Line(out, "lost", "{} of {} ({} of {} in the measurement); not sent {}, rate limited {}",
       traffic.lost(), traffic.sent, traffic.measured_lost(), traffic.measured_sent,
       traffic.not_sent, traffic.rate_limited);
  Line(out, "wrong", "duplicated {}, reordered {}, corrupted {}, from or to another {}",
       traffic.duplicated, traffic.reordered, traffic.corrupted, traffic.wrong_source);
  if (!traffic.per_flow.empty()) {
    const auto [least, most] =
        std::minmax_element(traffic.per_flow.begin(), traffic.per_flow.end());
    Line(out, "flows", "{}, dead {}, started anew {}; delivered least {}, most {}",
         traffic.per_flow.size(), traffic.dead_flows, traffic.window_resets, *least, *most);
  }
  if (options.slow_readers > 0) {
    Line(out, "slow readers", "{}: sent to them {}, received {}, cut by the server {}",
         options.slow_readers, traffic.slow_sent, traffic.slow_received, traffic.slow_broken);
  }
  if (traffic.broken > 0) {
    Line(out, "broken", "{} connections; the first: {}", traffic.broken, traffic.first_break);
  }
}

void AddStorm(std::string& out, const StormFigures& storm) {
  Line(out, "storm", "{} logins in {:.1f} s, {:.0f}/s; started {}, failed {}, left out {}",
       storm.logged_in, storm.seconds, static_cast<double>(storm.logged_in) / storm.seconds,
       storm.started, storm.failed, storm.left_out);
  Line(out, "storm login", "{}", Times(storm.login));
  if (storm.failed > 0) Line(out, "storm failed", "the first: {}", storm.first_failure);
}

void AddIdle(std::string& out, const IdleFigures& idle) {
  const auto clients = static_cast<double>(idle.clients);
  const auto each = [clients](std::uint64_t kib, std::uint64_t before) {
    return (static_cast<double>(kib) - static_cast<double>(before)) / clients;
  };
  Line(out, "logins", "{} in {:.1f} s, {:.0f}/s", idle.clients, idle.login_seconds,
       clients / idle.login_seconds);
  Line(out, "resident", "{} KiB before, {} KiB after: {:.1f} KiB each; {:.1f} KiB each at the end",
       idle.resident_before_kib, idle.resident_after_kib,
       each(idle.resident_after_kib, idle.resident_before_kib),
       each(idle.resident_end_kib, idle.resident_before_kib));
  Line(out, "kernel", "sockets {} KiB, slab {} KiB more (both ends, whole machine)",
       idle.kernel_tcp_kib, idle.kernel_slab_kib);
  Line(out, "reached", "{} of {}; corrupted {}, broken while idle {} {}", idle.reached,
       idle.clients, idle.corrupted, idle.broken, idle.first_break);
}

void AddServer(std::string& out, const Options& options, const Figures& figures) {
  const ServerFigures& server = figures.server;
  Line(out, "own CPU", "{:.3f} s in {:.1f} s", server.own_cpu_seconds, server.seconds);
  if (options.server_pids.empty()) return;
  if (server.ended) {
    Line(out, "server", "ended during the measurement");
    return;
  }
  Line(out, "others' CPU", "{:.2f} s; stolen from this machine {:.2f} s",
       server.others_cpu_seconds(), server.stolen_seconds);
  Line(out, "server CPU", "{:.3f} s, {:.1f} % of a core (user {:.2f} s, system {:.2f} s)",
       server.cpu_seconds, 100 * server.cpu_seconds / server.seconds, server.user_seconds,
       server.system_seconds);
  if (figures.traffic && figures.traffic->delivered > 0) {
    Line(out, "", "{:.3f} us for each delivered packet; resident {} KiB",
         server.cpu_seconds * 1e6 / static_cast<double>(figures.traffic->delivered),
         server.resident_kib);
  }
}

}  // namespace

std::string TextReport(const Options& options, const Figures& figures) {
  std::string out;
  if (!options.label.empty()) Line(out, "label", "{}", options.label);
  Line(out, "clients", "{}", figures.tls);
  if (figures.traffic) AddTraffic(out, options, *figures.traffic);
  if (figures.idle) AddIdle(out, *figures.idle);
  if (figures.storm) AddStorm(out, *figures.storm);
  if (figures.loris) {
    Line(out, "slow-loris", "opened {}, cut {}, held at the end {}; lifetime {}",
         figures.loris->opened, figures.loris->cut, figures.loris->held,
         Times(figures.loris->lifetime));
  }
  AddServer(out, options, figures);
  return out;
}

}  // namespace derp::load
