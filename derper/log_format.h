// How log lines look: as those of the Go program, or one JSON object to a line for collectors.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/log.h"

namespace derp::relay {

// {"time":"2026-11-21T11:10:23Z","level":"info","msg":"..."}, without a line end.
std::string JsonLogLine(LogLevel level, std::string_view text, WallTime time);

// `format` is that of -log-format; "json" writes such lines to stderr.
Logger MakeLogger(std::string_view format);

}  // namespace derp::relay
