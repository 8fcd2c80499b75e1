// The settings in force, for people and as a settings file: every flag with its value and, behind a
// '#', where the value comes from. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/cli/flags.h"

namespace derp::config {

// A URL's password and query as "xxxxx"; other text as it is.
std::string Redacted(std::string_view value);

// `secret_paths`: flags whose URL is a secret as a whole, such as a webhook's: only its host is
// shown. The names in `left_out` are not printed.
std::string PrintConfig(const std::vector<cli::FlagInForce>& flags,
                        const std::set<std::string_view>& secret_paths,
                        const std::set<std::string_view>& left_out);

}  // namespace derp::config
