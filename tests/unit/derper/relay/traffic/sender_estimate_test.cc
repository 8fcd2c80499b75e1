#include "derper/relay/traffic/sender_estimate.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "common/base/mix.h"

namespace derp::relay {
namespace {

// The relative error over several sets of senders of one size, the worst.
double WorstError(std::uint64_t senders) {
  double worst = 0;
  for (std::uint64_t set = 1; set <= 50; ++set) {
    SenderEstimate estimate;
    for (std::uint64_t i = 0; i < senders; ++i) estimate.Add(MixBits(set << 32 | i));
    const double off = static_cast<double>(estimate.Estimate()) - static_cast<double>(senders);
    worst = std::max(worst, std::abs(off) / static_cast<double>(senders));
  }
  return worst;
}

TEST_CASE("no sender is estimated as none, one as one", "[traffic]") {
  SenderEstimate estimate;
  CHECK(estimate.Estimate() == 0);
  for (int i = 0; i < 1000; ++i) estimate.Add(MixBits(7));
  CHECK(estimate.Estimate() == 1);
}

TEST_CASE("the number of senders is estimated as well as the Go program does", "[traffic]") {
  CHECK(WorstError(10) <= 0.20);
  CHECK(WorstError(100) <= 0.15);
  CHECK(WorstError(10'000) <= 0.25);
}

TEST_CASE("a hash of zeros is one sender like others", "[traffic]") {
  SenderEstimate estimate;
  estimate.Add(0);
  CHECK(estimate.Estimate() == 1);
}

}  // namespace
}  // namespace derp::relay
