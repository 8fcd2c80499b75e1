#include "derper/mesh/peer_status.h"

#include <utility>

#include <fmt/format.h>

namespace derp::relay {
namespace {

constexpr auto kLongestFlood = std::chrono::seconds(2);
constexpr auto kInterval = std::chrono::seconds(10);

}  // namespace

std::optional<std::string> PeerStatus::Tick(bool up, std::size_t peers, TimePoint now) {
  if (!up) {
    stage_ = Stage::kDown;
    return std::nullopt;
  }
  const bool changed = std::exchange(seen_, peers) != peers;
  if (stage_ == Stage::kDown) {
    stage_ = Stage::kFlood;
    up_since_ = now;
    return std::nullopt;
  }
  const bool first = stage_ == Stage::kFlood;
  if (first && changed && now - up_since_ < kLongestFlood) return std::nullopt;
  if (!first && (peers == told_ || now - told_at_ < kInterval)) return std::nullopt;
  stage_ = Stage::kSettled;
  told_ = peers;
  told_at_ = now;
  return fmt::format("{}{} peers", first ? "connected; " : "", peers);
}

}  // namespace derp::relay
