// The program's own command line as it may be shown: secrets among the values are left out.
#pragma once

#include <string>
#include <vector>

namespace derp::relay {

// Secret values and the passwords and queries of URLs become "xxxxx", in each of the ways that a
// flag's value may be written.
std::vector<std::string> RedactArguments(std::vector<std::string> arguments);

// This process's arguments, redacted.
std::vector<std::string> ShownCommandLine();

}  // namespace derp::relay
