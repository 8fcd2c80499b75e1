// Where alerts go. Blocking; called in the thread of its queue only.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace derp::probe {

struct AlertFailure {
  Error error;
  bool worth_retrying = false;  // the same event may pass later
};

class AlertSink {
 public:
  virtual ~AlertSink() = default;
  virtual std::string_view name() const = 0;  // "webhook", "command": the metric's label
  virtual Expected<void, AlertFailure> Deliver(const std::string& json, TimePoint deadline) = 0;
};

}  // namespace derp::probe
