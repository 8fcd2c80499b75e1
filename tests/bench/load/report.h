// The figures of a run for people and, with all settings, as JSON.
#pragma once

#include <string>

#include "tests/bench/load/figures.h"
#include "tests/bench/load/options.h"

namespace derp::load {

std::string TextReport(const Options& options, const Figures& figures);
std::string JsonReport(const Parsed& parsed, const Figures& figures);

}  // namespace derp::load
