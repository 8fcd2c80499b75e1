#include "common/secrets/setec.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/base64.h"
#include "common/base/text.h"
#include "common/http/fetch.h"

namespace derp::secrets {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxReplyBytes = 1 << 20;
constexpr auto kOneTry = std::chrono::seconds(10);
constexpr auto kFirstWait = std::chrono::seconds(1);
constexpr auto kLongestWait = std::chrono::seconds(15);

Expected<Secret, Error> ReadReply(const std::string& body) {
  const Error bad{.code = ErrorCode::kProtocol, .context = "the answer is no secret"};
  const Json reply = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!reply.is_object() || !reply.contains("Value") || !reply["Value"].is_string()) {
    return Fail(bad);
  }
  const auto bytes = DecodeBase64(reply["Value"].get_ref<const std::string&>());
  if (!bytes) return Fail(bad);
  Secret secret;
  secret.value.assign(bytes->begin(), bytes->end());
  const auto version = reply.find("Version");
  if (version != reply.end() && version->is_number_integer()) {
    secret.version = version->get<std::int64_t>();
  }
  return secret;
}

// What is known of the secret without the server; a damaged cache is as good as none.
std::optional<Secret> Cached(const SetecSource& source, const Logger& logger) {
  if (source.cache_file.empty()) return std::nullopt;
  auto cached = ReadCachedSecret(source.cache_file, source.name);
  if (cached) return std::move(*cached);
  logger.Warn("secret {}: the cache cannot be used: {}", source.name, cached.error().context);
  return std::nullopt;
}

void Keep(const SetecSource& source, const Secret& secret, const Clock& clock,
          const Logger& logger) {
  if (source.cache_file.empty()) return;
  const auto kept = WriteCachedSecret(source.cache_file, source.name, secret, clock.WallNow());
  if (!kept) logger.Warn("secret {}: not cached: {}", source.name, kept.error().context);
}

}  // namespace

std::string SecretName(std::string_view prefix, std::string_view name) {
  std::vector<std::string> parts;
  for (const std::string_view part : Split(prefix, '/')) {
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  parts.emplace_back(name);
  return Join(parts, "/");
}

Expected<Secret, Error> FetchSecret(const SetecSource& source, TimePoint deadline) {
  std::string url = source.url;
  while (url.ends_with('/')) url.pop_back();
  const auto response = http::Fetch(
      {.url = url + "/api/get",
       .method = "POST",
       .headers = {{"Content-Type", "application/json"}, {"Sec-X-Tailscale-No-Browsers", "setec"}},
       .body = Json{{"Name", source.name}}.dump(),
       .max_body = kMaxReplyBytes,
       .follow_redirects = false,
       .cancelled = source.cancelled},
      deadline);
  if (!response) return Fail(response.error());
  if (response->status != 200) {
    const std::string_view words = TrimSpace(response->body);
    return Fail(Error{.code = ErrorCode::kProtocol,
                      .context = fmt::format("HTTP status {}{}{}", response->status,
                                             words.empty() ? "" : ": ", PrintablePeerText(words))});
  }
  return ReadReply(response->body);
}

Expected<Secret, Error> ObtainSecret(const SetecSource& source, const SecretPatience& patience,
                                     const Clock& clock, const Logger& logger) {
  if (!source.cache_file.empty()) {
    if (const auto ready = PrepareSecretCache(source.cache_file); !ready) {
      return Fail(ready.error());
    }
  }
  const TimePoint end = clock.Now() + patience.longest;
  for (Duration pause = kFirstWait;; pause = std::min<Duration>(pause * 2, kLongestWait)) {
    auto secret = FetchSecret(source, SystemClock().Now() + kOneTry);
    if (secret) {
      Keep(source, *secret, clock, logger);
      return secret;
    }
    if (auto cached = Cached(source, logger)) {
      logger.Warn("secret {}: {}; using version {} of the cache {}", source.name,
                  secret.error().context, cached->version, source.cache_file);
      return std::move(*cached);
    }
    if (clock.Now() + pause > end) {
      return Fail(Within(fmt::format("secret {}", source.name), secret.error()));
    }
    logger.Warn("secret {}: {}; there is no cached value, trying again in {} s", source.name,
                secret.error().context,
                std::chrono::duration_cast<std::chrono::seconds>(pause).count());
    patience.wait ? patience.wait(pause) : std::this_thread::sleep_for(pause);
  }
}

}  // namespace derp::secrets
