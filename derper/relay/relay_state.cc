#include "derper/relay/relay_state.h"

#include <fstream>
#include <unistd.h>
#include <utility>

#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

std::uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

RelayState::RelayState(RelayOptions relay_options, net::EventLoop& control_loop, const Logger& log,
                       RandomSource& random_source)
    : options(std::move(relay_options)),
      server_key(options.private_key.Public()),
      control(control_loop),
      logger(log),
      random(random_source),
      registry(random_source),
      cause_log(log, clock, options.log_limits),
      memory_at_start(ResidentBytes()) {
  for (std::uint16_t i = 0; i < options.workers; ++i) {
    workers.push_back(std::make_unique<Worker>(*this, i));
  }
  for (std::size_t i = 0; i < workers.size() * workers.size(); ++i) {
    mailboxes.push_back(std::make_unique<Mailbox>(lane_limits()));
  }
}

RelayState::~RelayState() = default;

}  // namespace derp::relay
