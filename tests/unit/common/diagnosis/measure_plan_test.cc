#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "common/diagnosis/measure.h"

using namespace derp;
using namespace derp::diagnosis;

namespace {

std::vector<WalkTask> Tasks(int regions, int nodes_per_region) {
  std::vector<WalkTask> tasks;
  for (int region = 0; region < regions; ++region) {
    for (int node = 0; node < nodes_per_region; ++node) {
      WalkTask task;
      task.region_id = region;
      task.node.name = std::to_string(region) + static_cast<char>('a' + node);
      tasks.push_back(task);
    }
  }
  return tasks;
}

bool IsThorough(const WalkTask& task) { return task.asked.ws && task.asked.greetings == 5; }
bool IsPlain(const WalkTask& task) { return !task.asked.ws && task.asked.greetings == 2; }

}  // namespace

TEST_CASE("up to twenty nodes are all looked at closely", "[diagnosis][plan]") {
  std::vector<WalkTask> tasks = Tasks(4, 5);
  AskThoroughly(tasks);
  CHECK(std::all_of(tasks.begin(), tasks.end(), IsThorough));
}

TEST_CASE("above twenty nodes one relay per region is looked at closely", "[diagnosis][plan]") {
  std::vector<WalkTask> tasks = Tasks(7, 3);
  tasks[0].node.stun_only = true;
  tasks[3].map_error = "map.bad_pin";
  AskThoroughly(tasks);
  std::set<std::string> sample;
  for (const WalkTask& task : tasks) {
    CHECK((IsThorough(task) || IsPlain(task)));
    if (IsThorough(task)) sample.insert(task.node.name);
  }
  CHECK(sample == std::set<std::string>{"0b", "1b", "2a", "3a", "4a", "5a", "6a"});
}

TEST_CASE("of many regions twenty are looked at closely, all over the map", "[diagnosis][plan]") {
  std::vector<WalkTask> tasks = Tasks(1000, 2);
  AskThoroughly(tasks);
  std::vector<std::int64_t> regions;
  for (const WalkTask& task : tasks) {
    if (IsThorough(task)) regions.push_back(task.region_id);
  }
  CHECK(regions.size() == 20);
  CHECK(regions.front() == 0);
  CHECK(regions.back() == 950);
}

TEST_CASE("a WebSocket that was not asked for stays so", "[diagnosis][plan]") {
  std::vector<WalkTask> tasks = Tasks(2, 1);
  tasks[0].asked.ws = false;
  AskThoroughly(tasks);
  CHECK_FALSE(tasks[0].asked.ws);
}
