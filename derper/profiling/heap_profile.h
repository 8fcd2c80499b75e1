// What lives on the heap and where it was allocated, sampled all the time at about one allocation
// per 512 KiB (docs/decisions/0004). A build whose malloc is not ours to watch says so.
#pragma once

#include <string>

#include "common/base/result.h"

namespace derp::relay {

// In the text form of gperftools ("heap profile: … @ heap_v2/524288" and the memory map), which
// pprof and google-pprof read. Any thread.
Expected<std::string, Error> HeapProfile();

}  // namespace derp::relay
