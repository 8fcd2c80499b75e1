// Runs the attacks against a relay and prints what each cost: the figures of docs/hostile-peers.md.
// Usage: hostile_peers [-quick] [-stock] PROGRAM [ATTACK ...]
// PROGRAM is a derper, ours, or with -stock another one with the same command line.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>

#include "common/net/sockets.h"
#include "tests/integration/derper/hostile/attacks.h"

int main(int argc, char** argv) {
  using derp::test::Attack;
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto take = [&words](std::string_view flag) { return std::erase(words, flag) > 0; };
  derp::test::StageOptions options;
  options.thorough = !take("-quick");
  options.command.stock = take("-stock");
  if (words.empty()) {
    std::fputs("usage: hostile_peers [-quick] [-stock] PROGRAM [ATTACK ...]\n", stderr);
    return 2;
  }
  options.command.program = words.front();
  words.erase(words.begin());
  std::signal(SIGPIPE, SIG_IGN);
  derp::net::RaiseDescriptorLimit();
  int status = 0;
  for (const Attack& attack : derp::test::AllAttacks()) {
    const std::string name(attack.name);
    if (!words.empty() && std::find(words.begin(), words.end(), name) == words.end()) continue;
    try {
      const auto figures = derp::test::Measure(options, attack);
      std::puts(Describe(attack, figures).c_str());
    } catch (const std::exception& error) {
      std::printf("%s: %s\n", name.c_str(), error.what());
      status = 1;
    }
    std::fflush(stdout);
  }
  return status;
}
