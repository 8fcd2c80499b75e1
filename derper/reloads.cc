#include "derper/reloads.h"

#include <utility>

namespace derp::relay {

void Reloads::Add(std::string name, Part reload) {
  parts_.push_back({.name = std::move(name), .reload = std::move(reload)});
}

void Reloads::AddSlow(std::function<void()> begin) { slow_.push_back(std::move(begin)); }

void Reloads::Run() {
  const bool nothing = parts_.empty() && slow_.empty();
  logger_.Info("derper: reload: asked for{}", nothing ? ", but nothing came from files" : "");
  for (const auto& begin : slow_) begin();
  for (const Named& part : parts_) Tell(part.name, part.reload());
}

void Reloads::Tell(std::string_view name, const Expected<std::string, Error>& outcome) {
  if (!outcome) {
    ++failed_;
    logger_.Error("derper: reload: {} failed, the old state stays: {}", name,
                  outcome.error().context);
    return;
  }
  ++ok_;
  logger_.Info("derper: reload: {}: {}", name, *outcome);
}

metrics::Registry::Source Reloads::MetricsSource() const {
  return [this](std::vector<metrics::Family>& out) {
    metrics::Family family{.name = "derper_reloads",
                           .kind = metrics::Kind::kCounter,
                           .help = "Files and secrets that were read again, by outcome.",
                           .samples = {}};
    for (const auto& [outcome, count] : {std::pair("failed", failed_), {"ok", ok_}}) {
      metrics::Sample sample;
      sample.labels = {{"outcome", outcome}};
      sample.value = static_cast<double>(count);
      family.samples.push_back(std::move(sample));
    }
    out.push_back(std::move(family));
  };
}

}  // namespace derp::relay
