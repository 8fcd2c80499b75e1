#include "derpprobe/alerts/alert_desk.h"

#include <utility>

#include "derpprobe/alerts/command_sink.h"
#include "derpprobe/alerts/webhook_sink.h"

namespace derp::probe {

Expected<std::unique_ptr<AlertDesk>, Error> AlertDesk::Make(const AlertDeskOptions& options,
                                                            const Clock& clock,
                                                            const Logger& logger) {
  std::unique_ptr<AlertDesk> desk(new AlertDesk(options.vantage, logger));
  const auto add = [&](std::unique_ptr<AlertSink> sink) {
    desk->queues_.push_back(
        std::make_unique<AlertQueue>(std::move(sink), AlertQueueOptions{}, clock, logger));
  };
  if (!options.webhook.empty()) {
    auto sink = WebhookSink::Make(options.webhook);
    if (!sink) return Fail(sink.error());
    add(std::make_unique<WebhookSink>(std::move(*sink)));
  }
  if (!options.command.empty()) {
    auto sink = CommandSink::Make(options.command, options.environment, clock);
    if (!sink) return Fail(sink.error());
    add(std::make_unique<CommandSink>(std::move(*sink)));
  }
  return desk;
}

void AlertDesk::Tell(const AlertEvent& event) {
  logger_.Info("alert: {}", AlertSentence(event));
  if (queues_.empty()) return;
  const std::string json = AlertJson(event, vantage_);
  for (const auto& queue : queues_) queue->Push(json);
}

void AlertDesk::Stop() {
  for (const auto& queue : queues_) queue->StopSoon();
  for (const auto& queue : queues_) queue->Stop();
}

void AlertDesk::Collect(std::vector<metrics::Family>& families) {
  std::map<std::string, AlertCounts> counts{{"command", {}}, {"webhook", {}}};
  for (const auto& queue : queues_) counts[std::string(queue->name())] = queue->counts();
  metrics::Family family{"derpprobe_alerts_total",
                         metrics::Kind::kCounter,
                         "Alerts by receiver and how they ended.",
                         {}};
  const auto add = [&family](const std::string& sink, std::string result, std::uint64_t value) {
    family.samples.push_back(
        {{{"sink", sink}, {"result", std::move(result)}}, static_cast<double>(value), {}});
  };
  for (const auto& [sink, count] : counts) {
    add(sink, "sent", count.sent);
    add(sink, "failed", count.failed);
    add(sink, "dropped", count.dropped);
  }
  families.push_back(std::move(family));
}

}  // namespace derp::probe
