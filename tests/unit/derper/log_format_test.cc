#include "derper/log_format.h"

#include <catch2/catch.hpp>

namespace derp::relay {
namespace {

TEST_CASE("a JSON log line keeps time, level and text, whatever the text holds", "[derper][log]") {
  CHECK(JsonLogLine(LogLevel::kWarn, "a \"b\"\n\x01", FromUnixSeconds(1'795'000'000)) ==
        R"({"time":"2026-11-18T11:06:40Z","level":"warn","msg":"a \"b\"\n\u0001"})");
  CHECK(JsonLogLine(LogLevel::kError, "\xff", {}).find("\xEF\xBF\xBD") != std::string::npos);
}

}  // namespace
}  // namespace derp::relay
