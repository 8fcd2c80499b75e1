// A mesh client that never reads what it asked to be told.
#include <poll.h>

#include "common/wire/messages.h"
#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kResidents = 200;
constexpr int kRequests = 100;
constexpr auto kMeshWriteTimeout = std::chrono::seconds(30);
constexpr auto kSlack = std::chrono::seconds(10);

// Fills what the sockets hold, then lets clients come and go.
void NeverRead(Stage& stage) {
  const auto residents = LogInMany(stage.server(), kResidents);
  Client deaf(stage.server(), {.mesh = true, .watch = true, .receive_buffer = 4096});
  Bytes watch;
  wire::AppendWatchConns(watch);
  for (int i = 0; i < kRequests; ++i) deaf.Write(watch);
  const SystemClock clock;
  const TimePoint start = clock.Now();
  const auto time = stage.thorough() ? kMeshWriteTimeout + kSlack : std::chrono::seconds(3);
  std::size_t visitors = 0;
  bool open = true;
  while (open && clock.Now() < start + time) {
    const Client visitor(stage.server());
    ++visitors;
    pollfd ended{.fd = deaf.fd(), .events = POLLRDHUP, .revents = 0};
    open = poll(&ended, 1, 0) == 0;
  }
  stage.Note("visitors", static_cast<double>(visitors), "");
  if (!stage.thorough()) return;
  stage.Note("closed after", std::chrono::duration<double>(clock.Now() - start).count(), "s");
  stage.Claim(!open, "the mesh client is closed when it reads nothing for 30 s");
}

}  // namespace

std::vector<Attack> DeafMeshClients() {
  return {{.name = "mesh-deaf",
           .sentence = "a mesh client that never reads its updates while clients come and go",
           .run = NeverRead,
           .memory_kib = 12 * 1024}};
}

}  // namespace derp::test
