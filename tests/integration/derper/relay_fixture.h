// A real relay on loopback ports of its own choice, and clients that talk to it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/derp/blocking_client.h"
#include "common/net/certificate.h"
#include "common/net/event_loop.h"
#include "derper/mesh/mesh_links.h"
#include "derper/relay/relay.h"
#include "tests/support/temporary_directory.h"

namespace derp::test {

inline constexpr auto kPatience = std::chrono::seconds(20);

inline TimePoint Soon() { return SystemClock().Now() + kPatience; }

class TestClient {
 public:
  TestClient(std::unique_ptr<BlockingClient> client, NodePublic key)
      : client_(std::move(client)), key_(key) {}

  const NodePublic& key() const { return key_; }
  BlockingClient& raw() { return *client_; }

  void Send(const NodePublic& to, ByteView packet);
  // The next message of a kind, the others are skipped; fails the test when none comes.
  struct Packet {
    NodePublic source;
    Bytes bytes;
  };
  Packet ReceivePacket();
  wire::PeerGone ReceivePeerGone();
  wire::PeerPresent ReceivePeerPresent();
  // Pings and waits for the answer: then everything sent before was handled.
  void RoundTrip();
  // Messages of a kind that have come by the time a ping is answered.
  template <typename T>
  std::size_t CountUntilPong();
  // True when the relay ends the connection.
  bool IsClosed();

 private:
  std::unique_ptr<BlockingClient> client_;
  NodePublic key_;
  std::uint8_t pings_ = 0;
};

struct FixtureOptions {
  unsigned workers = 2;
  std::optional<MeshKey> mesh_key{};
  std::function<void(relay::RelayOptions&)> adjust{};
  Logger::Sink log = [](LogLevel, std::string_view) {};
};

class RelayFixture {
 public:
  explicit RelayFixture(const FixtureOptions& options = {});
  ~RelayFixture();

  SocketAddress plain_address() const { return addresses_[0]; }
  SocketAddress tls_address() const { return addresses_[1]; }
  const NodePublic& server_key() const { return server_key_; }
  const NodePrivate& private_key() const { return private_key_; }
  const std::string& certificate_pem() const { return certificate_pem_; }
  relay::MeshKeys& mesh_keys() { return *mesh_keys_; }  // of a fixture with a mesh key
  relay::Relay& relay() { return *relay_; }
  RandomSource& random() { return random_; }
  const Logger& logger() const { return logger_; }

  // Runs in the control thread and waits for it.
  void InControl(const std::function<void()>& task);

  enum class Way { kPlain, kTls, kFastStart };
  TestClient Connect(Way way, const NodePrivate& key, bool mesh = false, bool watch = false);
  TestClient Connect(Way way = Way::kTls) { return Connect(way, NodePrivate::Generate(random_)); }
  // Connected, nothing sent.
  std::unique_ptr<net::ByteStream> Dial(Way way);
  // What every connection made from now on begins with, before TLS.
  void SetPreface(std::string preface) { preface_ = std::move(preface); }

  std::vector<metrics::Family> GatherMetrics() const { return registry_.Gather(); }
  // A metric's sample by its labels' values.
  double Metric(const std::string& name, const std::vector<std::string>& label_values = {});
  // Waits until it has the value.
  void WaitForMetric(const std::string& name, double value,
                     const std::vector<std::string>& label_values = {});

  // All its samples together: which bucket a round trip falls into is the machine's affair.
  double MetricSum(const std::string& name);
  void WaitForMetricSum(const std::string& name, double at_least);

  // Dials these relays as -mesh-with would, trusting their certificates. Needs a mesh key.
  void MeshWith(const std::vector<const RelayFixture*>& others);
  void MeshWith(relay::MeshLinksOptions options);  // with the relay's own keys

  // Ends the relay; the destructor does as well.
  void Stop(Duration patience = std::chrono::seconds(2));

 private:
  SystemRandom random_;
  SystemClock clock_;
  Logger logger_;
  NodePrivate private_key_;
  NodePublic server_key_;
  std::string certificate_pem_;
  std::string preface_;
  std::optional<MeshKey> mesh_key_;
  std::shared_ptr<relay::MeshKeys> mesh_keys_;
  net::EventLoop control_;
  TemporaryDirectory directory_;
  std::unique_ptr<relay::Relay> relay_;
  std::unique_ptr<relay::MeshLinks> mesh_;
  std::vector<SocketAddress> addresses_;
  metrics::Registry registry_;
  std::thread thread_;
};

template <typename T>
std::size_t TestClient::CountUntilPong() {
  const wire::PingData data{9, 9, 9, 9, 9, 9, 9, ++pings_};
  (void)client_->SendPing(data, Soon());
  std::size_t count = 0;
  while (true) {
    const auto message = client_->Receive(Soon());
    if (!message) return count;
    if (std::holds_alternative<T>(*message)) ++count;
    const auto* pong = std::get_if<Pong>(&*message);
    if (pong != nullptr && pong->data == data) return count;
  }
}

}  // namespace derp::test
