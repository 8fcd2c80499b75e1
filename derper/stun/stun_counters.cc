#include "derper/stun/stun_counters.h"

#include <string>
#include <string_view>

namespace derp::relay {
namespace {

metrics::Sample SampleOf(std::string_view label, std::string_view value, std::uint64_t count) {
  return {.labels = {{std::string(label), std::string(value)}},
          .value = static_cast<double>(count),
          .histogram = {}};
}

metrics::Family CounterFamily(std::string name, std::vector<metrics::Sample> samples) {
  return {.name = std::move(name),
          .kind = metrics::Kind::kCounter,
          .help = {},
          .samples = std::move(samples)};
}

}  // namespace

StunFigures& StunFigures::operator+=(const StunFigures& other) {
  read_error += other.read_error;
  not_stun += other.not_stun;
  write_error += other.write_error;
  success += other.success;
  ipv4 += other.ipv4;
  ipv6 += other.ipv6;
  for (std::size_t i = 0; i < rejected.size(); ++i) rejected[i] += other.rejected[i];
  rate_limited += other.rate_limited;
  return *this;
}

void StunCounters::AddRejected(stun::MessageError why) {
  Add(not_stun_);
  Add(rejected_[static_cast<std::size_t>(why)]);
}

void StunCounters::AddSent(std::uint64_t success, std::uint64_t write_error) {
  Add(success_, success);
  Add(write_error_, write_error);
}

StunFigures StunCounters::Read() const {
  const auto read = [](const Counter& counter) { return counter.load(std::memory_order_relaxed); };
  StunFigures figures{.read_error = read(read_error_),
                      .not_stun = read(not_stun_),
                      .write_error = read(write_error_),
                      .success = read(success_),
                      .ipv4 = read(ipv4_),
                      .ipv6 = read(ipv6_),
                      .rejected = {},
                      .rate_limited = read(rate_limited_)};
  for (std::size_t i = 0; i < rejected_.size(); ++i) figures.rejected[i] = read(rejected_[i]);
  return figures;
}

void AppendStunFamilies(const StunFigures& figures, std::vector<metrics::Family>& out) {
  out.push_back(CounterFamily("stun_requests",
                              {SampleOf("disposition", "not_stun", figures.not_stun),
                               SampleOf("disposition", "read_error", figures.read_error),
                               SampleOf("disposition", "success", figures.success),
                               SampleOf("disposition", "write_error", figures.write_error)}));
  out.push_back(CounterFamily("stun_addrfamily", {SampleOf("family", "ipv4", figures.ipv4),
                                                  SampleOf("family", "ipv6", figures.ipv6)}));
  std::vector<metrics::Sample> rejected;
  for (std::size_t i = 0; i < figures.rejected.size(); ++i) {
    const auto reason = static_cast<stun::MessageError>(i);
    rejected.push_back(SampleOf("reason", stun::MessageErrorName(reason), figures.rejected[i]));
  }
  rejected.push_back(SampleOf("reason", "rate_limited", figures.rate_limited));
  out.push_back(CounterFamily("stun_rejected", std::move(rejected)));
}

}  // namespace derp::relay
