// A wrong command line has no options; this tells all the same whether Nagios reads the answer.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace derp::probe {

// -format nagios among the arguments (the last one counts), else DERPPROBE_FORMAT.
bool AsksNagios(const std::vector<std::string>& args,
                const std::map<std::string, std::string>& environment);

}  // namespace derp::probe
