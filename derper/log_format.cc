#include "derper/log_format.h"

#include <cstdio>

#include <nlohmann/json.hpp>

namespace derp::relay {
namespace {

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return "error";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kDebug:
      return "debug";
  }
  return "";
}

}  // namespace

std::string JsonLogLine(LogLevel level, std::string_view text, WallTime time) {
  const nlohmann::ordered_json line{
      {"time", FormatRfc3339(time)}, {"level", LevelName(level)}, {"msg", text}};
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Logger MakeLogger(std::string_view format) {
  if (format != "json") return Logger();
  return Logger(
      [](LogLevel level, std::string_view text) {
        // One write per line, so that lines of several threads do not mix.
        const std::string line = JsonLogLine(level, text, SystemClock().WallNow()) + "\n";
        std::fwrite(line.data(), 1, line.size(), stderr);
      },
      LogLevel::kInfo);
}

}  // namespace derp::relay
