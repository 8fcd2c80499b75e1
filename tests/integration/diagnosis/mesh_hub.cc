#include "tests/integration/diagnosis/mesh_hub.h"

#include "common/wire/messages.h"

namespace derp::test {

MeshHub::MeshHub(const std::vector<std::string>& names, Rule rule) : rule_(std::move(rule)) {
  SystemRandom random;
  for (const std::string& name : names) {
    relays_[name] =
        std::make_unique<FaultyRelay>(MakeTestTls({"127.0.0.1"}, std::nullopt),
                                      [this, name, key = NodePrivate::Generate(random)](
                                          RelaySide& side, int) { Play(side, name, key); });
  }
}

MeshHub::~MeshHub() { relays_.clear(); }

void MeshHub::Play(RelaySide& side, const std::string& relay, const NodePrivate& key) {
  const NodePublic client = side.LogIn(key).key;
  {
    const MutexLock lock(mutex_);
    clients_[client] = {&side, relay};
  }
  try {
    for (;;) {
      const RelaySide::Received frame = side.ReadFrame();
      if (frame.type == wire::FrameType::kSendPacket) Forward(client, relay, frame.payload);
    }
  } catch (const std::exception&) {  // the client left, or the rule ends it
    const MutexLock lock(mutex_);
    clients_.erase(client);
  }
}

void MeshHub::Forward(const NodePublic& source, const std::string& from, ByteView payload) {
  const auto sent = wire::DecodeSendPacket(payload).value();
  const MutexLock lock(mutex_);
  const auto to = clients_.find(sent.destination);
  if (to == clients_.end()) return;
  const std::string& relay = to->second.relay;
  if (relay != from && !rule_(from, relay, counts_[{from, relay}]++)) return;
  Bytes bytes;
  wire::AppendRecvPacket(bytes, source, sent.packet);
  try {
    to->second.side->Send(bytes);
  } catch (const std::exception&) {
    return;  // the receiver is leaving; its own thread sees to it
  }
}

diagnosis::RunReport MeshHub::Walk(WalkFixture& fixture) const {
  std::vector<diagnosis::WalkTask> tasks;
  for (const auto& [name, relay] : relays_) {
    diagnosis::WalkTask task;
    task.region = "lab";
    task.region_id = 1;
    task.node = relay->Node();
    task.node.name = name;
    task.asked = fixture.asked;
    tasks.push_back(std::move(task));
  }
  diagnosis::Measurer measurer(fixture.context);
  return diagnosis::Judge(measurer.Measure(std::move(tasks)));
}

}  // namespace derp::test
