// Runs a program for each event: no shell, no arguments, the event and a line end on its standard
// input, its output on our standard error, nothing else of ours open. What it has not done when the
// deadline passes is killed with all it started. An exit status other than 0 is a failure and not
// tried again: the program may have done half of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "derpprobe/alerts/alert_sink.h"

namespace derp::probe {

class CommandSink final : public AlertSink {
 public:
  // kInvalidArgument unless `path` is an executable file. `environment` is the program's.
  // `clock` is this machine's and outlives the sink.
  static Expected<CommandSink, Error> Make(std::string path,
                                           const std::map<std::string, std::string>& environment,
                                           const Clock& clock);

  std::string_view name() const override { return "command"; }
  Expected<void, AlertFailure> Deliver(const std::string& json, TimePoint deadline) override;

 private:
  CommandSink(std::string path, std::vector<std::string> environment, const Clock& clock)
      : path_(std::move(path)), environment_(std::move(environment)), clock_(clock) {}

  // The wait status; empty when the time was up and it was killed.
  std::optional<int> Wait(int process, TimePoint deadline) const;

  std::string path_;
  std::vector<std::string> environment_;  // "NAME=value"
  const Clock& clock_;
};

}  // namespace derp::probe
