// The command line of stunc. The reference knows -timeout, a host and a port; the rest is ours
// (docs/man/stunc.1).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/socket_address.h"
#include "stunc/target.h"

namespace derp::stunc {

enum class Format { kReference, kText, kJson, kJsonLine };

struct Options {
  Target target;
  Duration timeout = std::chrono::seconds(3);  // of one request, repeats included
  bool timeout_set = false;
  std::optional<AddressFamily> family;
  bool all_addresses = false;
  unsigned retries = 0;
  unsigned count = 1;
  Duration interval = std::chrono::seconds(1);
  Format format = Format::kReference;  // kReference: the three lines on stderr
  bool verbose = false;
};

// The program ends here: help, version or a usage error.
struct Exit {
  int code = 0;
  std::string stdout_text;
  std::string stderr_text;
};

Expected<Options, Exit> ParseOptions(const std::string& program,
                                     const std::vector<std::string>& args,
                                     const std::map<std::string, std::string>& environment);

}  // namespace derp::stunc
