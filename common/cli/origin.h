// Where a flag's value comes from.
#pragma once

namespace derp::cli {

// The weakest first.
enum class Origin { kDefault, kFile, kEnvironment, kFlag };

}  // namespace derp::cli
