// A relay that gives each client back what it sends, as a test changes it: for pairs of one client,
// which a known key makes.
#pragma once

#include <functional>
#include <optional>

#include "common/wire/messages.h"
#include "tests/integration/diagnosis/faulty_relay.h"

namespace derp::test {

class EchoRelay {
 public:
  // `number` counts the packets of a connection, `index` the connections. Nothing: the packet is
  // lost.
  using Change = std::function<std::optional<Bytes>(ByteView packet, int number, int index)>;

  explicit EchoRelay(Change change, const wire::ServerInfo& info = {})
      : change_(std::move(change)),
        info_(info),
        relay_(MakeTestTls({"127.0.0.1"}, std::nullopt),
               [this](RelaySide& side, int index) { Play(side, index); }) {}

  derpmap::Node Node() const { return relay_.Node(); }

 private:
  void Play(RelaySide& side, int index) {
    const auto info = side.LogIn(server_, info_);
    for (int number = 0;;) {
      const RelaySide::Received frame = side.ReadFrame();
      const auto sent = wire::DecodeSendPacket(frame.payload);
      if (frame.type != wire::FrameType::kSendPacket || !sent) continue;
      const auto packet = change_(sent->packet, number++, index);
      if (!packet) continue;
      Bytes bytes;
      wire::AppendRecvPacket(bytes, info.key, *packet);
      side.Send(bytes);
    }
  }

  SystemRandom random_;
  NodePrivate server_ = NodePrivate::Generate(random_);
  Change change_;
  const wire::ServerInfo info_;
  FaultyRelay relay_;  // last: its threads use the rest
};

inline std::optional<Bytes> Unchanged(ByteView packet, int, int) {
  return Bytes(packet.begin(), packet.end());
}

}  // namespace derp::test
