#include "derper/web/go_vars.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace derp::relay {
namespace {

using metrics::Family;
using metrics::Kind;
using nlohmann::json;

Family Plain(std::string name, Kind kind, double value) {
  return {.name = std::move(name), .kind = kind, .help = "", .samples = {{{}, value, {}}}};
}

TEST_CASE("metrics stand under the names that the Go program registers", "[derper][web]") {
  Family histogram{
      .name = "derp_buffered_write_frames", .kind = Kind::kHistogram, .help = "", .samples = {{}}};
  histogram.samples[0].histogram = {.buckets = {{0, 1}, {1, 4}}, .count = 9, .sum = 30.5};
  const std::vector<Family> families = {
      Plain("bootstrap_dns_requests", Kind::kCounter, 3),
      Plain("derp_accepts", Kind::kCounter, 12345678901),
      Plain("derp_total_dup_client_conns", Kind::kCounter, 1),
      Plain("derp_clients_local", Kind::kGauge, 7),
      Plain("derp_average_queue_duration_ms", Kind::kUntyped, 0.25),
      Plain("derp_websocket_accepts", Kind::kCounter, 2),
      histogram,
      {"derp_packets_received_kind",
       Kind::kCounter,
       "",
       {{{{"kind", "disco"}}, 5, {}}, {{{"kind", "other"}}, 6, {}}}},
      {"derp_packets_dropped",
       Kind::kCounter,
       "",
       {{{{"reason", "queue_head"}, {"kind", "disco"}}, 8, {}}}},
      {"derp_tcp_rtt", Kind::kCounter, "", {}},
      Plain("memstats_heap_alloc", Kind::kGauge, 99),
      {"stun_requests", Kind::kCounter, "", {{{{"disposition", "success"}}, 4, {}}}},
      {"derper_tls_active_version", Kind::kGauge, "", {{{{"version", "1.3"}}, 1, {}}}},
      {"derper_tls_request_version", Kind::kUntyped, "", {{{{"version", "1.3"}}, 1, {}}}},
      Plain("tls_listener_accepted_connections", Kind::kCounter, 11),
      Plain("uptime_sec", Kind::kCounter, 60),
      {"version", Kind::kUntyped, "", {{{{"version", "1.2.3"}, {"binary", "derper"}}, 1, {}}}}};
  const std::string text = GoVars(families, {"/usr/bin/derper", "-dev\xff"});
  const json vars = json::parse(text);
  CHECK(vars["cmdline"][0] == "/usr/bin/derper");
  CHECK(vars["counter_bootstrap_dns_requests"] == 3);
  CHECK(vars["derp"]["accepts"] == 12345678901);
  CHECK(vars["derp"]["counter_total_dup_client_conns"] == 1);
  CHECK(vars["derp"]["gauge_clients_local"] == 7);
  CHECK(vars["derp"]["average_queue_duration_ms"] == 0.25);
  CHECK(vars["derp"]["counter_packets_received_kind"] == json{{"disco", 5}, {"other", 6}});
  CHECK(vars["derp"]["counter_buffered_write_frames"] ==
        json{{"0", 1}, {"1", 3}, {"+Inf", 5}, {"sum", 30.5}, {"count", 9}});
  CHECK(vars["derp"]["counter_tcp_rtt"] == json::object());
  CHECK(vars["derp"]["version"] == "1.2.3");
  CHECK(vars["derp_websocket_accepts"] == 2);
  CHECK(vars["derp_packets_dropped"][R"(reason="queue_head",kind="disco")"] == 8);
  CHECK(vars["memstats"]["HeapAlloc"] == 99);
  CHECK(vars["stun"]["counter_requests"]["success"] == 4);
  CHECK(vars["gauge_derper_tls_active_version"]["1.3"] == 1);
  CHECK(vars["derper_tls_request_version"]["1.3"] == 1);
  CHECK(vars["tls_listener"]["counter_accepted_connections"] == 11);
  CHECK(vars["counter_uptime_sec"] == 60);
  CHECK(vars["version"] == "1.2.3");
  CHECK(text.starts_with("{\n\"cmdline\": "));
}

}  // namespace
}  // namespace derp::relay
