// derpprobe -explain CODE: one page of the catalogue, or what was probably meant.
#pragma once

#include <string>
#include <string_view>

namespace derp::probe {

struct Explanation {
  int status = 0;
  std::string text;   // for standard output
  std::string error;  // for standard error
};

// "all" is the whole catalogue as Markdown. An unknown code is status 2; the name of a stage gets a
// list of its codes.
Explanation Explain(std::string_view code);

}  // namespace derp::probe
