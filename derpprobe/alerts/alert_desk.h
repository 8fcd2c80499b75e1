// The receivers of alerts, and how many each got. Any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "common/metrics/registry.h"
#include "derpprobe/alerts/alert_event.h"
#include "derpprobe/alerts/alert_queue.h"

namespace derp::probe {

struct AlertDeskOptions {
  std::string webhook;                               // a URL; empty: none
  std::string command;                               // a program; empty: none
  std::map<std::string, std::string> environment{};  // of the program
  std::string vantage;
};

class AlertDesk {
 public:
  // kInvalidArgument when a receiver cannot be one. `clock` and `logger` outlive the desk.
  static Expected<std::unique_ptr<AlertDesk>, Error> Make(const AlertDeskOptions& options,
                                                          const Clock& clock, const Logger& logger);

  void Tell(const AlertEvent& event);  // logs it and hands it to every receiver

  void Stop();  // bounded: a try under way, and what AlertQueueOptions leaves for the rest

  // derpprobe_alerts_total, every sink and result from the start.
  void Collect(std::vector<metrics::Family>& families);

 private:
  AlertDesk(std::string vantage, const Logger& logger)
      : vantage_(std::move(vantage)), logger_(logger) {}

  const std::string vantage_;
  const Logger& logger_;
  std::vector<std::unique_ptr<AlertQueue>> queues_;
};

}  // namespace derp::probe
