// A mesh client that never reads what it asked to be told.
#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kResidents = 200;
constexpr int kFillers = 60;
// The default of -tcp-user-timeout ends a peer whose window stays shut; the quick run asks for
// less.
constexpr auto kFullTimeout = std::chrono::seconds(15);
constexpr auto kQuickTimeout = std::chrono::seconds(3);
constexpr auto kSlack = std::chrono::seconds(6);
constexpr int kVisitorsBetweenLooks = 20;

// Packets fill what the sockets hold; then clients come and go, of which the mesh client would be
// told.
void NeverRead(Stage& stage) {
  const auto residents = LogInMany(stage.server(), kResidents);
  Client filler(stage.server());
  stage.Begin();
  Client deaf(stage.server(), {.mesh = true, .watch = true, .receive_buffer = 4096});
  const Bytes packet(8000, 1);
  for (int i = 0; i < kFillers; ++i) (void)filler.raw().Send(deaf.key(), packet, Soon());
  const SystemClock clock;
  const TimePoint start = clock.Now();
  const auto timeout = stage.thorough() ? kFullTimeout : kQuickTimeout;
  int visitors = 0;
  bool open = true;
  while (open && clock.Now() < start + timeout + kSlack) {
    const Client visitor(stage.server());
    ++visitors;
    if (visitors % kVisitorsBetweenLooks != 0) continue;
    open = !LookAtRelaySide(stage.server(), deaf.fd()).closed;
  }
  stage.Note("visitors", visitors, "");
  stage.Note("closed after", std::chrono::duration<double>(clock.Now() - start).count(), "s");
  stage.Claim(!open, "the mesh client is closed when it reads nothing for the TCP user time-out");
}

}  // namespace

std::vector<Attack> DeafMeshClients() {
  return {{.name = "mesh-deaf",
           .sentence = "a mesh client that never reads its updates while clients come and go",
           .run = NeverRead,
           .quick_argument = "-tcp-user-timeout=3s"}};
}

}  // namespace derp::test
