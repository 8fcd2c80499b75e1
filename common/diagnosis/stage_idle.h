// -idle-check: holds a logged-in connection on which nobody sends but the relay, and sees whether
// it stands (relay.idle_cut). Waits in the poll loop and holds no thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/derp/blocking_client.h"
#include "common/diagnosis/finding.h"
#include "common/diagnosis/poll_loop.h"

namespace derp::diagnosis {

struct IdleClient {
  std::unique_ptr<BlockingClient> client;
  TimePoint since{};  // when it last sent something
};

// Until `hold` after `since`. `done` gets the finding, none when the connection stands; it is
// called once, in the loop's thread. `clock` outlives the stage.
void StartIdle(PollLoop& loop, const Clock& clock, IdleClient idle, Duration hold,
               std::function<void(std::optional<Finding>)> done);

}  // namespace derp::diagnosis
