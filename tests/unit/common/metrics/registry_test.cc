#include "common/metrics/registry.h"

#include <catch2/catch.hpp>

namespace derp::metrics {
namespace {

Family Counter(std::string name, double value) {
  Sample sample;
  sample.value = value;
  return {.name = std::move(name), .kind = Kind::kCounter, .help = {}, .samples = {sample}};
}

TEST_CASE("families of one name are merged and all are sorted", "[metrics]") {
  Registry registry;
  registry.Add([](std::vector<Family>& out) {
    out.push_back(Counter("b", 1));
    out.push_back(Counter("a", 2));
  });
  registry.Add([](std::vector<Family>& out) { out.push_back(Counter("b", 3)); });
  const std::vector<Family> families = registry.Gather();
  REQUIRE(families.size() == 2);
  CHECK(families[0].name == "a");
  CHECK(families[1].name == "b");
  REQUIRE(families[1].samples.size() == 2);
  CHECK(families[1].samples[0].value == 1);
  CHECK(families[1].samples[1].value == 3);
}

TEST_CASE("sources are asked on each scrape", "[metrics]") {
  Registry registry;
  double scrapes = 0;
  registry.Add([&scrapes](std::vector<Family>& out) { out.push_back(Counter("n", ++scrapes)); });
  registry.Gather();
  CHECK(registry.Gather()[0].samples[0].value == 2);
}

TEST_CASE("a process exports what native clients and the Go programs do", "[metrics]") {
  Registry registry;
  registry.Add(ProcessSource("derper", "1.2.3"));
  std::map<std::string, Family> by_name;
  for (Family& family : registry.Gather()) by_name.emplace(family.name, family);
  for (const char* name :
       {"process_cpu_seconds_total", "process_open_fds", "process_max_fds",
        "process_resident_memory_bytes", "process_virtual_memory_bytes",
        "process_virtual_memory_max_bytes", "process_start_time_seconds", "process_start_unix_time",
        "node_boot_time_seconds", "memstats_heap_alloc", "memstats_sys"}) {
    CAPTURE(name);
    REQUIRE(by_name.contains(name));
    REQUIRE(by_name[name].samples.size() == 1);
    // A process may be so young that it has used no CPU time yet, and the sanitizers' allocators
    // tell nothing of themselves.
    const bool may_be_zero = std::string_view(name) == "process_cpu_seconds_total" ||
                             std::string_view(name).starts_with("memstats_");
    CHECK(by_name[name].samples[0].value >= (may_be_zero ? 0 : 1));
  }
  REQUIRE(by_name.contains("uptime_sec"));
  CHECK(by_name["version"].samples[0].labels == Labels{{"version", "1.2.3"}, {"binary", "derper"}});
}

}  // namespace
}  // namespace derp::metrics
