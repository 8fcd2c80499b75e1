// How the kernel is to treat a thread among others that want its core.
#pragma once

namespace derp {

// For the calling thread, when what it does comes in crowds: SCHED_BATCH (sched(7)). What wakes it
// does not take the core from whoever runs there. A free core comes at once; else more has come by
// the time it is this thread's turn, and one waking, one read and one send do for all of it. Where
// the process was given another policy than the usual one, that one stands; where the call is
// forbidden nothing changes.
void LetOthersFinish();

}  // namespace derp
