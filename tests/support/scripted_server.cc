#include "tests/support/scripted_server.h"

#include <utility>

#include "common/base/clock.h"

namespace derp::test {

ScriptedServer::ScriptedServer(const char* address, Script script) : script_(std::move(script)) {
  const SocketAddress at = SocketAddress::Parse(address).value();
  fd_ = std::move(net::BindUdp(at).value());
  elsewhere_ = std::move(net::BindUdp({at.ip, 0}).value());
  address_ = net::LocalAddress(fd_.get()).value();
  thread_ = std::thread([this] { Run(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  thread_.join();
}

void ScriptedServer::Run() {
  const SystemClock clock;
  while (!stopping_) {
    const auto datagram = net::ReceiveFrom(fd_.get(), clock.Now() + std::chrono::milliseconds(20));
    if (!datagram) continue;
    const auto id = stun::ParseRequest(datagram->bytes);
    if (!id) continue;
    const SocketAddress source{datagram->source.ip.Unmap(), datagram->source.port};
    for (const Answer& answer : script_(*id, source, ++requests_)) {
      const int fd = answer.from_elsewhere ? elsewhere_.get() : fd_.get();
      const auto sent = net::SendTo(fd, answer.bytes, datagram->source);
      if (!sent) return;  // The test then misses the answer.
    }
  }
}

}  // namespace derp::test
