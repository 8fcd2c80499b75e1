#include "derper/limits/rate_config.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/base/text.h"

namespace derp::relay {
namespace {

using Json = nlohmann::json;
using Done = Expected<void, Error>;

constexpr std::size_t kMaxUnknown = 20;  // names that are told

auto Wrong(std::string_view what) {
  return Fail(Error{.code = ErrorCode::kInvalidArgument, .context = std::string(what)});
}

std::string Shown(const Json& value) {
  if (value.is_array()) return "an array";  // which may be deep
  if (value.is_object()) return "an object";
  return PrintablePeerText(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// One number of the file: leaves `out` alone for null.
Done TakeNumber(std::string_view member, const Json& value, std::optional<std::uint64_t>& out) {
  if (value.is_null()) return {};
  if (!value.is_number_unsigned()) {
    return Wrong(fmt::format("{}: {} is not a whole number from 0 to 18446744073709551615", member,
                             Shown(value)));
  }
  out = value.get<std::uint64_t>();
  return {};
}

ByteRate RateOf(std::uint64_t per_second, std::uint64_t burst) {
  if (per_second == 0) return {};
  return {.per_second = per_second, .burst = std::max(burst, kMaxCharge)};
}

class Reader {
 public:
  Expected<RateConfig, Error> Read(const Json& document) {
    if (document.is_null()) return config_;
    if (!document.is_object()) return Wrong(fmt::format("{} is not an object", Shown(document)));
    for (const auto& [name, value] : document.items()) {
      if (auto done = TakeMember(name, value); !done) return Fail(done.error());
    }
    config_.client = RateOf(rate_.value_or(0), burst_.value_or(0));
    config_.daily_quota = quota_.value_or(0);
    config_.global_rate = global_.value_or(0);
    return std::move(config_);
  }

 private:
  Done TakeMember(const std::string& name, const Json& value) {
    if (EqualsIgnoreCase(name, "PerClientRateLimitBytesPerSec")) {
      return TakeNumber(name, value, rate_);
    }
    if (EqualsIgnoreCase(name, "PerClientRateBurstBytes")) return TakeNumber(name, value, burst_);
    if (EqualsIgnoreCase(name, "DailyQuotaBytes")) return TakeNumber(name, value, quota_);
    if (EqualsIgnoreCase(name, "GlobalRateLimitBytesPerSec")) {
      return TakeNumber(name, value, global_);
    }
    if (EqualsIgnoreCase(name, "Overrides")) return TakeOverrides(name, value);
    NoteUnknown(name);
    return {};
  }

  Done TakeOverrides(const std::string& member, const Json& value) {
    if (value.is_null()) return {};
    if (!value.is_object()) {
      return Wrong(fmt::format("{}: {} is not an object", member, Shown(value)));
    }
    for (const auto& [name, limits] : value.items()) {
      const std::string path = fmt::format("{}: {}", member, PrintablePeerText(name));
      const auto key = NodePublic::Parse(name);
      if (!key || key->is_zero()) {
        return Wrong(fmt::format("{} is not \"nodekey:\" and 64 hex digits", path));
      }
      auto parsed = TakeOverride(path, limits);
      if (!parsed) return Fail(parsed.error());
      config_.overrides.insert_or_assign(*key, std::move(*parsed));
    }
    return {};
  }

  Expected<RateConfig::Override, Error> TakeOverride(const std::string& path, const Json& value) {
    if (!value.is_object())
      return Wrong(fmt::format("{}: {} is not an object", path, Shown(value)));
    RateConfig::Override out;
    std::optional<std::uint64_t> rate;
    std::optional<std::uint64_t> burst;
    for (const auto& [name, number] : value.items()) {
      const std::string member = fmt::format("{}.{}", path, PrintablePeerText(name));
      Done done;
      if (EqualsIgnoreCase(name, "RateLimitBytesPerSec")) {
        done = TakeNumber(member, number, rate);
      } else if (EqualsIgnoreCase(name, "RateBurstBytes")) {
        done = TakeNumber(member, number, burst);
      } else if (EqualsIgnoreCase(name, "DailyQuotaBytes")) {
        done = TakeNumber(member, number, out.daily_quota);
      } else {
        NoteUnknown(name);
      }
      if (!done) return Fail(done.error());
    }
    if (burst && !rate) {
      return Wrong(fmt::format("{}.RateBurstBytes: {} without RateLimitBytesPerSec", path, *burst));
    }
    if (rate) out.rate = RateOf(*rate, burst.value_or(0));
    return out;
  }

  void NoteUnknown(std::string_view name) {
    if (config_.unknown.size() < kMaxUnknown) {
      config_.unknown.push_back(PrintablePeerText(name));
    }
  }

  RateConfig config_;
  std::optional<std::uint64_t> rate_;
  std::optional<std::uint64_t> burst_;
  std::optional<std::uint64_t> quota_;
  std::optional<std::uint64_t> global_;
};

}  // namespace

bool RateConfig::has_quotas() const {
  return daily_quota > 0 || std::any_of(overrides.begin(), overrides.end(), [](const auto& entry) {
           return entry.second.daily_quota.value_or(0) > 0;
         });
}

Expected<RateConfig, Error> ReadRateConfig(const std::string& path) {
  const auto text = ReadFile(path, kMaxRateConfig);
  if (!text) return Fail(text.error());
  auto config = ParseRateConfig(*text);
  if (!config) return Fail(Within(path, config.error()));
  return config;
}

Expected<RateConfig, Error> ParseRateConfig(std::string_view text) {
  if (text.size() > kMaxRateConfig) {
    return Wrong(fmt::format("more than {} bytes", kMaxRateConfig));
  }
  const auto document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return Wrong("not JSON");
  return Reader().Read(document);
}

}  // namespace derp::relay
