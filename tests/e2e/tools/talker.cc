// One client of a relay, led by a test: "talker ADDRESS". Commands come by lines on standard input
// ("send KEY TEXT", "quit"), what the relay says goes by lines to standard output.
#include <cstdio>
#include <poll.h>
#include <unistd.h>

#include "common/base/text.h"
#include "tests/e2e/tools/loopback_client.h"

namespace {

using namespace derp;

void Say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

void Tell(const ServerMessage& message) {
  if (const auto* packet = std::get_if<wire::RecvPacket>(&message)) {
    Say("packet " + packet->source.ToString() + " " + std::string(AsText(packet->packet)));
  } else if (const auto* gone = std::get_if<wire::PeerGone>(&message)) {
    Say("gone " + gone->peer.ToString() + " " + std::to_string(static_cast<int>(gone->reason)));
  } else if (const auto* health = std::get_if<Health>(&message)) {
    Say("health " + std::string(health->problem));
  } else if (const auto* restarting = std::get_if<wire::Restarting>(&message)) {
    Say("restarting " + std::to_string(restarting->reconnect_in.count()) + " " +
        std::to_string(restarting->try_for.count()));
  }
}

// False when it is to end.
bool Obey(const std::string& line, BlockingClient& client) {
  const std::vector<std::string_view> words = Split(line, ' ');
  if (words.size() != 3 || words[0] != "send") return false;
  const auto key = NodePublic::Parse(words[1]);
  return key && client.Send(*key, AsBytes(words[2]), test::Soon()).has_value();
}

// Reads what has come; false at the end of the stream.
bool Listen(BlockingClient& client) {
  do {
    const auto message = client.Receive(SystemClock().Now() + std::chrono::milliseconds(1));
    if (!message) return message.error().error.code == ErrorCode::kTimeout;
    Tell(*message);
  } while (true);
}

int Run(const std::string& address) {
  SystemRandom random;
  const SystemClock clock;
  const ClientIdentity identity{.key = NodePrivate::Generate(random)};
  const auto client = test::ConnectTo(address, identity, random, clock);
  if (!client) {
    std::fprintf(stderr, "talker: %s\n", client.error().context.c_str());
    return 1;
  }
  Say("key " + identity.key.Public().ToString());
  std::string typed;
  while (true) {
    pollfd waiting[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                        {.fd = (*client)->stream().fd(), .events = POLLIN, .revents = 0}};
    if (poll(waiting, 2, -1) < 0) return 1;
    if (waiting[1].revents != 0 && !Listen(**client)) {
      Say("closed");
      return 0;
    }
    if (waiting[0].revents == 0) continue;
    char buffer[4096];
    const ssize_t count = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (count <= 0) return 0;
    typed.append(buffer, static_cast<std::size_t>(count));
    for (std::size_t end; (end = typed.find('\n')) != std::string::npos; typed.erase(0, end + 1)) {
      if (!Obey(typed.substr(0, end), **client)) return 0;
    }
  }
}

}  // namespace

int main(int argc, char** argv) { return argc == 2 ? Run(argv[1]) : 2; }
