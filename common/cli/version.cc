#include "common/cli/version.h"

namespace derp::cli {

std::string Version() { return DERP_VERSION; }

}  // namespace derp::cli
