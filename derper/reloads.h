// What SIGHUP reads again: parts that stand alone, each of which keeps its old state when the new
// one is bad. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/log.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"

namespace derp::relay {

class Reloads {
 public:
  // Says what was applied. Must not block.
  using Part = std::function<Expected<std::string, Error>()>;

  // `logger` outlives the object.
  explicit Reloads(const Logger& logger) : logger_(logger) {}

  void Add(std::string name, Part reload);

  // A part that is only told to begin, since it takes its time; the outcome comes with Tell().
  void AddSlow(std::function<void()> begin);

  // Every part; a failure of one does not keep the others from being read.
  void Run();

  // The outcome of a reload that ended later or was begun by its part itself.
  void Tell(std::string_view name, const Expected<std::string, Error>& outcome);

  // derper_reloads{outcome}. The object outlives the source.
  metrics::Registry::Source MetricsSource() const;

 private:
  struct Named {
    std::string name;
    Part reload;
  };
  const Logger& logger_;
  std::vector<Named> parts_;
  std::vector<std::function<void()>> slow_;
  std::uint64_t ok_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace derp::relay
