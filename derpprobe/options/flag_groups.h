// The flags by group, for ParseOptions().
#pragma once

#include <optional>
#include <string>

#include "common/cli/flags.h"
#include "derpprobe/options/options.h"

namespace derp::probe {

// Values that are words: read as text, understood by ParseWords().
struct FlagWords {
  std::string format = "text";
  std::string fail_on = "error";
  std::string crl = "soft";
  std::string alert_after = "3/5";
};

// Both arguments must outlive the parsing.
void RegisterReferenceFlags(cli::FlagSet& flags, Options& options);
void RegisterOwnFlags(cli::FlagSet& flags, Options& options, FlagWords& words);

// What is wrong with a flag's value: "known are error and warning".
struct Complaint {
  std::string flag;
  std::string text;
};

// Empty when all words are known.
std::optional<Complaint> ParseWords(const FlagWords& words, Options& options);

}  // namespace derp::probe
