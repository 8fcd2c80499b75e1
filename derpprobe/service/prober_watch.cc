#include "derpprobe/service/prober_watch.h"

#include <utility>

#include "common/diagnosis/trust/udp_reference.h"

namespace derp::probe {

ProberWatch::ProberWatch(ProberWatchOptions options, const diagnosis::WalkContext& context,
                         Board& board)
    : options_(std::move(options)), context_(context), board_(board), thread_([this] { Run(); }) {}

ProberWatch::~ProberWatch() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  wake_.NotifyAll();
  thread_.join();
}

void ProberWatch::Run() {
  for (;;) {
    const TimePoint next = context_.clock.Now() + options_.round;
    diagnosis::ProberState state = diagnosis::LookAtProber(
        options_.map_sources, options_.environment, board_.State()->nodes_total);
    if (!options_.udp_reference.empty()) {
      state.udp_reference = diagnosis::AskUdpReference(options_.udp_reference, context_);
    }
    board_.SetProber(std::move(state));
    const MutexLock lock(mutex_);
    while (!ending_ && context_.clock.Now() < next) wake_.WaitUntil(mutex_, next);
    if (ending_) return;
  }
}

}  // namespace derp::probe
