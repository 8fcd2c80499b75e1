#include "tests/bench/load/loris.h"

#include <array>
#include <cerrno>
#include <sys/socket.h>

#include "common/net/sockets.h"
#include "common/net/tls_session.h"

namespace derp::load {
namespace {

constexpr auto kWait = std::chrono::milliseconds(10);
constexpr std::size_t kOpenedPerTurn = 100;

// Begins as every client does. The last byte is never said.
Bytes FirstWords(const Server& server) {
  Bytes words;
  if (server.tls) {
    auto session = net::TlsSession::Client(net::TlsClientContext::Make(net::TlsVersions::kOnly13),
                                           server.host);
    ByteView nothing;
    session.Handshake(nothing, words);
  } else {
    AppendText(words, wire::UpgradeRequestText({.host = server.host}));
  }
  words.pop_back();
  return words;
}

}  // namespace

Loris::Loris(const Options& options)
    : options_(options), words_(FirstWords(options.servers.front())), drips_(options.loris) {}

void Loris::Run(const std::atomic<bool>& stop) {
  TimePoint now = SystemClock().Now();
  TimePoint next = now + options_.loris_every;
  while (!stop.load()) {
    std::size_t opened = 0;
    for (std::size_t i = 0; i < drips_.size() && opened < kOpenedPerTurn; ++i) {
      if (drips_[i].fd.valid()) continue;
      Open(i, now);
      ++opened;
    }
    for (const epoll_event& event : poller_.Wait(kWait)) OnEvent(event.data.u64, now);
    now = SystemClock().Now();
    if (now < next) continue;
    next = now + options_.loris_every;
    SayMore();
  }
  for (const Drip& drip : drips_) figures_.held += drip.fd.valid() ? 1U : 0U;
}

void Loris::Open(std::size_t place, TimePoint now) {
  auto fd = net::StartConnectTcp(options_.servers.front().address);
  if (!fd) return;
  ++figures_.opened;
  drips_[place] = {.fd = std::move(*fd), .opened = now, .said = 0};
  poller_.Add(drips_[place].fd.get(), place, {});
}

void Loris::SayMore() {
  for (Drip& drip : drips_) {
    if (!drip.fd.valid() || drip.said == words_.size()) continue;
    // What a failure means, reading tells.
    if (::send(drip.fd.get(), &words_[drip.said], 1, MSG_NOSIGNAL) == 1) ++drip.said;
  }
}

void Loris::OnEvent(std::size_t place, TimePoint now) {
  std::array<std::uint8_t, 4096> answer{};
  const ssize_t count = ::recv(drips_[place].fd.get(), answer.data(), answer.size(), 0);
  if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))) return;
  Cut(place, now);
}

void Loris::Cut(std::size_t place, TimePoint now) {
  Drip& drip = drips_[place];
  ++figures_.cut;
  figures_.lifetime.Record(static_cast<std::uint64_t>((now - drip.opened).count()));
  drip.fd.Close();
}

}  // namespace derp::load
