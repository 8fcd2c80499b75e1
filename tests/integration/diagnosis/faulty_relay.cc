#include "tests/integration/diagnosis/faulty_relay.h"

#include <exception>
#include <memory>

namespace derp::test {

FaultyRelay::FaultyRelay(Script script, std::string ip)
    : script_(std::move(script)),
      ip_(std::move(ip)),
      listener_(net::ListenTcp(SocketAddress::Parse(ip_ + ":0").value(), {}).value()),
      port_(net::LocalAddress(listener_.get()).value().port),
      thread_([this] { Run(); }) {}

FaultyRelay::FaultyRelay(TestTls tls, std::function<void(RelaySide&, int)> script,
                         const std::string& ip)
    : FaultyRelay(
          [context = tls.context, play = std::move(script)](net::Fd fd, int index) {
            RelaySide side(std::move(fd), context);
            play(side, index);
          },
          ip) {
  pin_ = "sha256-raw:" + tls.sha256;
}

FaultyRelay::~FaultyRelay() {
  ending_ = true;
  thread_.join();
  for (std::thread& connection : connections_) connection.join();
}

void FaultyRelay::Run() {
  const SystemClock clock;
  int index = 0;
  while (!ending_) {
    if (!net::WaitReadable(listener_.get(), clock.Now() + std::chrono::milliseconds(20))) continue;
    auto accepted = net::Accept(listener_.get(), {}).value();
    if (!accepted) continue;
    auto fd = std::make_shared<net::Fd>(std::move(accepted->fd));
    connections_.emplace_back([this, fd, index] {
      try {
        script_(std::move(*fd), index);
      } catch (const std::exception&) {  // the client left before the script's end
      }
    });
    ++index;
  }
}

derpmap::Node FaultyRelay::Node() const {
  derpmap::Node node;
  node.name = "1a";
  node.region_id = 1;
  node.host_name = ip_;
  node.ipv4 = ip_;
  node.ipv6 = "none";
  node.derp_port = port_;
  node.stun_port = -1;
  node.cert_name = pin_;
  return node;
}

}  // namespace derp::test
