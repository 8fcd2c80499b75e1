// The file behind -rate-config: Go's two members and ours (derper.md 8). Text in, values out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/crypto/keys.h"

namespace derp::relay {

// The largest SendPacket payload: no frame is charged more, and no bucket holds less, so that a
// full one always takes the next frame.
inline constexpr std::uint64_t kMaxCharge = 64 * 1024 + 32;

inline constexpr std::size_t kMaxRateConfig = 8 * 1024 * 1024;

struct ByteRate {
  std::uint64_t per_second = 0;  // 0: no limit, and then no burst
  std::uint64_t burst = 0;       // at least kMaxCharge

  bool operator==(const ByteRate&) const = default;
};

struct RateConfig {
  // Replaces, for one key over all its connections, what the file says for everybody. A rate or a
  // quota of 0 lifts the limit; what is not named stays as for everybody.
  struct Override {
    std::optional<ByteRate> rate;              // RateLimitBytesPerSec, RateBurstBytes
    std::optional<std::uint64_t> daily_quota;  // DailyQuotaBytes
  };

  ByteRate client;                // PerClientRateLimitBytesPerSec, PerClientRateBurstBytes
  std::uint64_t daily_quota = 0;  // DailyQuotaBytes, of each key; 0: none
  std::uint64_t global_rate = 0;  // GlobalRateLimitBytesPerSec, of the process; 0: none
  std::map<NodePublic, Override> overrides;  // Overrides

  // Names that mean nothing here; ignored, as in Go, but worth telling.
  std::vector<std::string> unknown;

  bool has_quotas() const;
};

// The file's name is in front of what is wrong with it.
Expected<RateConfig, Error> ReadRateConfig(const std::string& path);

// Names are compared without regard to case; null says nothing. An error names the member and its
// value.
Expected<RateConfig, Error> ParseRateConfig(std::string_view text);

}  // namespace derp::relay
