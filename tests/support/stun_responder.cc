#include "tests/support/stun_responder.h"

#include <utility>

#include "common/base/clock.h"
#include "common/stun/message.h"

namespace derp::test {

StunResponder::StunResponder(std::string_view address, StunBehaviour behaviour)
    : behaviour_(behaviour) {
  fd_ = std::move(net::BindUdp({IpAddress::Parse(address).value(), 0}).value());
  local_ = net::LocalAddress(fd_.get()).value();
  thread_ = std::thread([this] { Run(); });
}

StunResponder::~StunResponder() {
  ending_ = true;
  thread_.join();
}

void StunResponder::Run() {
  const SystemClock clock;
  while (!ending_) {
    const auto datagram = net::ReceiveFrom(fd_.get(), clock.Now() + std::chrono::milliseconds(20));
    if (!datagram) continue;
    const auto id = stun::ParseRequest(datagram->bytes);
    if (!id || ++requests_ <= behaviour_.ignore_first) continue;
    const SocketAddress mapped = behaviour_.mapped.value_or(datagram->source);
    const auto sent = net::SendTo(fd_.get(), stun::BuildResponse(*id, mapped), datagram->source);
    if (!sent) return;  // the test then misses the answer
  }
}

}  // namespace derp::test
