// For builds under a sanitizer, which has a malloc of its own, and for other C libraries than
// glibc.
#include "derper/profiling/heap_profile.h"

namespace derp::relay {

Expected<std::string, Error> HeapProfile() {
  return Fail(
      Error{.code = ErrorCode::kUnsupported, .context = "this build does not watch the heap"});
}

}  // namespace derp::relay
