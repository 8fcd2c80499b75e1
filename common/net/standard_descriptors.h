// Standard input, output and error stay reserved in a process that was started without them.
#pragma once

namespace derp::net {

// Opens /dev/null for each of the descriptors 0 to 2 that is closed; else a socket would get the
// number, and log lines would be written into it. First thing in main(), before any thread.
void ReserveStandardDescriptors();

}  // namespace derp::net
