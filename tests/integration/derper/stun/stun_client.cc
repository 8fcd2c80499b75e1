#include "tests/integration/derper/stun/stun_client.h"

#include <stdexcept>
#include <thread>

#include "common/base/clock.h"

namespace derp::relay::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

TimePoint In(Duration duration) { return SystemClock().Now() + duration; }

}  // namespace

bool Eventually(const std::function<bool()>& condition) {
  const TimePoint deadline = In(kPatience);
  while (!condition()) {
    if (SystemClock().Now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

StunClient::StunClient(const SocketAddress& local) {
  auto fd = net::BindUdp(local);
  if (!fd) throw std::runtime_error(fd.error().context);
  fd_ = *std::move(fd);
}

void StunClient::Send(ByteView bytes, const SocketAddress& to) {
  const auto sent = net::SendTo(fd_.get(), bytes, to);
  if (!sent) throw std::runtime_error(sent.error().context);
}

void StunClient::SendRequest(const SocketAddress& to) { Send(stun::BuildRequest(id_), to); }

std::optional<net::Datagram> StunClient::Receive(Duration patience) {
  auto datagram = net::ReceiveFrom(fd_.get(), In(patience));
  if (!datagram) return std::nullopt;
  return *std::move(datagram);
}

std::optional<net::Datagram> StunClient::Ask(const SocketAddress& server) {
  constexpr auto kAgain = std::chrono::milliseconds(100);
  for (auto waited = Duration::zero(); waited < kPatience; waited += kAgain) {
    SendRequest(server);
    if (auto datagram = Receive(kAgain)) return datagram;
  }
  return std::nullopt;
}

SocketAddress StunClient::local() const { return net::LocalAddress(fd_.get()).value(); }

}  // namespace derp::relay::test
