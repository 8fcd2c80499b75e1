#include <algorithm>
#include <sys/utsname.h>
#include <thread>

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>

#include "common/cli/version.h"
#include "tests/bench/load/process.h"
#include "tests/bench/load/report.h"

namespace derp::load {
namespace {

using Json = nlohmann::ordered_json;

Json Times(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"mean_ns", histogram.Mean()},
          {"min_ns", histogram.min()},
          {"p50_ns", histogram.Percentile(0.5)},
          {"p90_ns", histogram.Percentile(0.9)},
          {"p99_ns", histogram.Percentile(0.99)},
          {"p999_ns", histogram.Percentile(0.999)},
          {"max_ns", histogram.max()}};
}

Json Machine() {
  utsname name{};
  uname(&name);
  return {{"system", name.sysname},
          {"kernel", name.release},
          {"machine", name.machine},
          {"cores", std::thread::hardware_concurrency()}};
}

Json OfTraffic(const Options& options, const TrafficFigures& traffic) {
  const double seconds = std::chrono::duration<double>(options.duration).count();
  Json out = {{"delivered", traffic.delivered},
              {"delivered_bytes", traffic.delivered_bytes},
              {"delivered_per_second", static_cast<double>(traffic.delivered) / seconds},
              {"sent", traffic.sent},
              {"received", traffic.received},
              {"lost", traffic.lost()},
              {"measured_sent", traffic.measured_sent},
              {"measured_received", traffic.measured_received},
              {"measured_lost", traffic.measured_lost()},
              {"duplicated", traffic.duplicated},
              {"reordered", traffic.reordered},
              {"corrupted", traffic.corrupted},
              {"wrong_source", traffic.wrong_source},
              {"not_sent", traffic.not_sent},
              {"rate_limited", traffic.rate_limited},
              {"window_resets", traffic.window_resets},
              {"broken", traffic.broken},
              {"first_break", traffic.first_break},
              {"flows", traffic.per_flow.size()},
              {"dead_flows", traffic.dead_flows},
              {"latency", Times(traffic.latency)},
              {"own_lateness", Times(traffic.lateness)},
              {"slow_sent", traffic.slow_sent},
              {"slow_received", traffic.slow_received},
              {"slow_broken", traffic.slow_broken}};
  if (!traffic.per_flow.empty()) {
    const auto [least, most] =
        std::minmax_element(traffic.per_flow.begin(), traffic.per_flow.end());
    out["flow_least"] = *least;
    out["flow_most"] = *most;
  }
  return out;
}

Json OfStorm(const StormFigures& storm) {
  return {{"seconds", storm.seconds},     {"started", storm.started},
          {"logged_in", storm.logged_in}, {"failed", storm.failed},
          {"left_out", storm.left_out},   {"first_failure", storm.first_failure},
          {"login", Times(storm.login)}};
}

Json OfIdle(const IdleFigures& idle) {
  return {{"clients", idle.clients},
          {"login_seconds", idle.login_seconds},
          {"resident_before_kib", idle.resident_before_kib},
          {"resident_after_kib", idle.resident_after_kib},
          {"resident_end_kib", idle.resident_end_kib},
          {"kernel_tcp_kib", idle.kernel_tcp_kib},
          {"kernel_slab_kib", idle.kernel_slab_kib},
          {"broken", idle.broken},
          {"first_break", idle.first_break},
          {"reached", idle.reached},
          {"corrupted", idle.corrupted}};
}

Json OfServer(const Options& options, const Figures& figures) {
  const ServerFigures& server = figures.server;
  Json out = {{"seconds", server.seconds},
              {"generator_cpu_seconds", server.own_cpu_seconds},
              {"machine_cpu_seconds", server.machine_cpu_seconds},
              {"stolen_seconds", server.stolen_seconds}};
  if (options.server_pids.empty()) return out;
  out["ended"] = server.ended;
  for (const int pid : options.server_pids) out["commands"].push_back(CommandLine(pid));
  out["others_cpu_seconds"] = server.others_cpu_seconds();
  out["cpu_seconds"] = server.cpu_seconds;
  out["user_seconds"] = server.user_seconds;
  out["system_seconds"] = server.system_seconds;
  out["resident_kib"] = server.resident_kib;
  if (figures.traffic && figures.traffic->delivered > 0) {
    out["cpu_us_per_delivered"] =
        server.cpu_seconds * 1e6 / static_cast<double>(figures.traffic->delivered);
  }
  return out;
}

}  // namespace

std::string JsonReport(const Parsed& parsed, const Figures& figures) {
  Json out = {{"program", "derpload"},
              {"version", cli::Version()},
              {"schema", 1},
              {"tls_library", OpenSSL_version(OPENSSL_VERSION)},
              {"label", parsed.options.label},
              {"time", FormatRfc3339(SystemClock().WallNow())},
              {"machine", Machine()},
              {"settings", parsed.flags},
              {"clients", figures.tls},
              {"server", OfServer(parsed.options, figures)}};
  if (figures.traffic) out["traffic"] = OfTraffic(parsed.options, *figures.traffic);
  if (figures.idle) out["idle"] = OfIdle(*figures.idle);
  if (figures.storm) out["storm"] = OfStorm(*figures.storm);
  if (figures.loris) {
    out["loris"] = {{"opened", figures.loris->opened},
                    {"cut", figures.loris->cut},
                    {"held", figures.loris->held},
                    {"lifetime", Times(figures.loris->lifetime)}};
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace derp::load
