// stun_responder ADDRESS strict|generic: the relay's STUN server alone, until standard input ends.
// Each line of input is answered with the figures so far.
#include <cstdio>
#include <unistd.h>

#include "common/crypto/random.h"
#include "derper/stun/stun_server.h"

namespace {

void Print(const derp::relay::StunFigures& figures) {
  std::printf("success %llu not_stun %llu\n", static_cast<unsigned long long>(figures.success),
              static_cast<unsigned long long>(figures.not_stun));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace derp;
  const auto address = argc == 3 ? SocketAddress::Parse(argv[1]) : std::nullopt;
  const auto mode = argc == 3 ? stun::ParseServerMode(argv[2]) : std::nullopt;
  if (!address || !mode) {
    std::fputs("usage: stun_responder ADDRESS strict|generic\n", stderr);
    return 2;
  }
  const Logger logger;
  const SystemClock clock;
  SystemRandom random;
  const auto server =
      relay::StunServer::Start({.address = *address, .mode = *mode}, logger, clock, random);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().context.c_str());
    return 1;
  }
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
    if (byte == '\n') Print((*server)->Figures());
  }
  return 0;
}
