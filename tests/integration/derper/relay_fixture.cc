#include "tests/integration/derper/relay_fixture.h"

#include <fstream>
#include <future>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "common/net/byte_stream.h"
#include "common/net/sockets.h"

namespace derp::test {

namespace {

template <typename T>
T ReceiveOnly(BlockingClient& client) {
  while (true) {
    const auto message = client.Receive(Soon());
    if (!message) FAIL("no message: " << message.error().error.context);
    if (const auto* found = std::get_if<T>(&*message)) return *found;
  }
}

}  // namespace

void TestClient::Send(const NodePublic& to, ByteView packet) {
  const auto sent = client_->Send(to, packet, Soon());
  if (!sent) FAIL("send: " << sent.error().error.context);
}

TestClient::Packet TestClient::ReceivePacket() {
  const auto packet = ReceiveOnly<wire::RecvPacket>(*client_);
  return {packet.source, Bytes(packet.packet.begin(), packet.packet.end())};
}

wire::PeerGone TestClient::ReceivePeerGone() { return ReceiveOnly<wire::PeerGone>(*client_); }

wire::PeerPresent TestClient::ReceivePeerPresent() {
  return ReceiveOnly<wire::PeerPresent>(*client_);
}

void TestClient::RoundTrip() {
  const wire::PingData data{1, 2, 3, 4, 5, 6, 7, ++pings_};
  REQUIRE(client_->SendPing(data, Soon()));
  while (ReceiveOnly<Pong>(*client_).data != data) {
  }
}

bool TestClient::IsClosed() {
  while (true) {
    const auto message = client_->Receive(Soon());
    if (!message) return message.error().error.code != ErrorCode::kTimeout;
  }
}

RelayFixture::RelayFixture(const FixtureOptions& options)
    : logger_(options.log), mesh_key_(options.mesh_key) {
  if (mesh_key_) mesh_keys_ = std::make_shared<relay::MeshKeys>(*mesh_key_, clock_);
  private_key_ = NodePrivate::Generate(random_);
  server_key_ = private_key_.Public();
  const WallTime now = clock_.WallNow();
  const net::PrivateKey key = net::PrivateKey::GenerateP256();
  const net::Certificate leaf = net::MakeSelfSigned(IpAddress::V4({127, 0, 0, 1}), key, now);
  certificate_pem_ = net::ToPem(leaf);
  net::TlsServerOptions tls{.chain = {leaf},
                            .key = key,
                            .meta_certificate = net::MakeMetaCertificate(server_key_, now),
                            .accept_sni = nullptr};
  auto context = net::TlsServerContext::Make(std::move(tls));
  REQUIRE(context);

  const SocketAddress any{IpAddress::V4({127, 0, 0, 1}), 0};
  const http::Handler site = http::Answering(
      [](const http::Request& request) { return http::TextReply("page " + request.path); });
  relay::RelayOptions relay_options{
      .private_key = private_key_,
      .mesh_keys = mesh_keys_,
      .listeners = {{.address = any, .tls = false, .serves_derp = true, .site = site},
                    {.address = any, .tls = true, .serves_derp = true, .site = site}},
      .tls_context = [shared = *context] { return shared; },
      .workers = options.workers,
      .connections_per_block = 1};  // neighbours on different workers
  if (options.adjust) options.adjust(relay_options);
  auto started = relay::Relay::Start(std::move(relay_options), control_, logger_, random_);
  REQUIRE(started);
  relay_ = std::move(*started);
  addresses_ = relay_->Addresses();
  registry_.Add(relay_->MetricsSource());
  thread_ = std::thread([this] { control_.Run(); });
}

RelayFixture::~RelayFixture() {
  Stop();
  control_.Stop();
  thread_.join();
}

void RelayFixture::Stop(Duration patience) {
  InControl([&] {
    if (!relay_) return;
    relay_->Stop(patience);
    mesh_.reset();
    relay_.reset();
  });
}

void RelayFixture::MeshWith(const std::vector<const RelayFixture*>& others) {
  const std::string ca_file = directory_ / "ca.pem";
  std::ofstream file(ca_file);
  std::string list;
  for (const RelayFixture* other : others) {
    file << other->certificate_pem();
    list += (list.empty() ? "" : ",") + other->tls_address().ToString();
  }
  file.close();
  auto targets = relay::ParseMeshWith(list);
  REQUIRE(targets);
  MeshWith({.targets = std::move(*targets), .key = {}, .mesh_keys = {}, .ca_file = ca_file});
}

void RelayFixture::MeshWith(relay::MeshLinksOptions options) {
  options.key = private_key_;
  options.mesh_keys = mesh_keys_;
  InControl([&] {
    mesh_ = std::make_unique<relay::MeshLinks>(std::move(options), relay_->mesh_port(), random_,
                                               logger_);
    mesh_->Start();
  });
  registry_.Add(mesh_->MetricsSource());
}

void RelayFixture::InControl(const std::function<void()>& task) {
  std::promise<void> done;
  control_.Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

std::unique_ptr<net::ByteStream> RelayFixture::Dial(Way way) {
  auto fd = net::ConnectTcp(way == Way::kPlain ? plain_address() : tls_address(), Soon());
  REQUIRE(fd);
  if (!preface_.empty()) {
    REQUIRE(send(fd->get(), preface_.data(), preface_.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(preface_.size()));
  }
  if (way == Way::kPlain) return net::MakePlainStream(std::move(*fd));
  auto stream = net::StartTls(std::move(*fd), net::TlsClientContext::Make(), "127.0.0.1", Soon());
  REQUIRE(stream);
  return std::move(*stream);
}

TestClient RelayFixture::Connect(Way way, const NodePrivate& key, bool mesh, bool watch) {
  BlockingClientOptions options;
  options.identity.key = key;
  if (mesh) options.identity.info.mesh_key = mesh_key_;
  options.identity.watch = watch;
  options.request.host = "127.0.0.1";
  auto client = std::make_unique<BlockingClient>(Dial(way), options, random_, clock_);
  if (way == Way::kFastStart) {
    const auto meta = net::FindMetaKey(client->stream().tls()->PeerCertificates());
    REQUIRE(meta);
    CHECK(meta->server == server_key_);
    REQUIRE(client->FastStart(meta->server, Soon()));
  } else {
    REQUIRE(client->Upgrade(Soon()));
    REQUIRE(client->ReadGreeting(Soon()));
    REQUIRE(client->Login(Soon()));
  }
  return TestClient(std::move(client), key.Public());
}

double RelayFixture::Metric(const std::string& name, const std::vector<std::string>& label_values) {
  for (const metrics::Family& family : registry_.Gather()) {
    if (family.name != name) continue;
    for (const metrics::Sample& sample : family.samples) {
      bool same = sample.labels.size() == label_values.size();
      for (std::size_t i = 0; same && i < label_values.size(); ++i) {
        same = sample.labels[i].second == label_values[i];
      }
      if (same) return sample.value;
    }
  }
  return -1;
}

double RelayFixture::MetricSum(const std::string& name) {
  double sum = 0;
  for (const metrics::Family& family : registry_.Gather()) {
    if (family.name != name) continue;
    for (const metrics::Sample& sample : family.samples) sum += sample.value;
  }
  return sum;
}

void RelayFixture::WaitForMetric(const std::string& name, double value,
                                 const std::vector<std::string>& label_values) {
  const TimePoint deadline = Soon();
  while (Metric(name, label_values) != value) {
    if (clock_.Now() > deadline) {
      FAIL(name << " is " << Metric(name, label_values) << ", not " << value);
    }
    std::this_thread::yield();
  }
}

void RelayFixture::WaitForMetricSum(const std::string& name, double at_least) {
  const TimePoint deadline = Soon();
  while (MetricSum(name) < at_least) {
    if (clock_.Now() > deadline) FAIL(name << " is " << MetricSum(name) << " in all");
    std::this_thread::yield();
  }
}

}  // namespace derp::test
