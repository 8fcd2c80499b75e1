// POSTs each event as application/json. 2xx is success; no answer, 5xx, 408 and 429 are worth
// another try. The URL may be a secret: what is logged shows its host only.
#pragma once

#include <string>

#include "derpprobe/alerts/alert_sink.h"

namespace derp::probe {

class WebhookSink final : public AlertSink {
 public:
  // kInvalidArgument unless it is an http or https URL with a host.
  static Expected<WebhookSink, Error> Make(std::string url);

  std::string_view name() const override { return "webhook"; }
  Expected<void, AlertFailure> Deliver(const std::string& json, TimePoint deadline) override;

 private:
  WebhookSink(std::string url, std::string shown)
      : url_(std::move(url)), shown_(std::move(shown)) {}

  std::string url_;
  std::string shown_;  // "https://hooks.example.net/…"
};

}  // namespace derp::probe
