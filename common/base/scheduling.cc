#include "common/base/scheduling.h"

#include <sched.h>

namespace derp {

void LetOthersFinish() {
  if (sched_getscheduler(0) != SCHED_OTHER) return;  // 0: this thread, not the process
  const sched_param normal{};
  (void)sched_setscheduler(0, SCHED_BATCH, &normal);
}

}  // namespace derp
