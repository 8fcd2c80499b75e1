// How late the results of the healthy nodes of a map come while others are silent: walks the map
// once, as derpprobe -once does, and prints when results came. Usage: walk_fleet MAP
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "common/crypto/random.h"
#include "common/derpmap/reader.h"
#include "common/diagnosis/measure.h"
#include "common/net/resolver.h"
#include "common/net/sockets.h"

namespace {

using namespace derp;

std::string Line(const char* name, std::vector<Duration> times) {
  if (times.empty()) return fmt::format("{}: none\n", name);
  std::sort(times.begin(), times.end());
  const auto ms = [&times](double part) {
    const auto index = static_cast<std::size_t>(part * static_cast<double>(times.size() - 1));
    return std::chrono::duration_cast<std::chrono::milliseconds>(times[index]).count();
  };
  return fmt::format("{}: {} results, first {} ms, median {} ms, 99 % {} ms, last {} ms\n", name,
                     times.size(), ms(0), ms(0.5), ms(0.99), ms(1));
}

int Walk(const derpmap::DerpMap& map) {
  const SystemClock clock;
  SystemRandom random;
  net::SystemResolver resolver;
  net::RaiseDescriptorLimit();
  const auto context = diagnosis::MakeWalkContext(clock, random, resolver);
  auto tasks = diagnosis::PlanWalks(map, {}, {}, {});
  diagnosis::AskThoroughly(tasks);
  diagnosis::Measurer measurer(context);
  std::vector<Duration> healthy;
  std::vector<Duration> silent;
  const TimePoint start = clock.Now();
  measurer.Measure(std::move(tasks), [&](const diagnosis::NodeReport& report) {
    const bool works = report.Worst(diagnosis::Stage::kRelay) == diagnosis::Outcome::kOk;
    (works ? healthy : silent).push_back(clock.Now() - start);
  });
  const std::string text = Line("healthy", healthy) + Line("others", silent);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: walk_fleet MAP\n", stderr);
    return 2;
  }
  std::ifstream file(argv[1]);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto document = derpmap::Read(text);
  if (!document) {
    std::fputs("walk_fleet: no DERP map\n", stderr);
    return 1;
  }
  return Walk(document->map);
}
