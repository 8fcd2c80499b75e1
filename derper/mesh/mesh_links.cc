#include "derper/mesh/mesh_links.h"

#include <atomic>

#include "common/net/resolver.h"
#include "derper/mesh/anchor_file.h"
#include "derper/mesh/peer_status.h"
#include "derper/mesh/retry_delay.h"

namespace derp::relay {
namespace {

constexpr Duration kFigureInterval = std::chrono::seconds(1);

// What one link tells the metrics. Written in its loop, read anywhere.
struct LinkFigures {
  std::string host;
  std::atomic<bool> up = false;
  std::atomic<bool> self = false;
  std::atomic<std::uint64_t> peers = 0;
  std::atomic<std::uint64_t> peers_refused = 0;
  std::atomic<std::uint64_t> dropped_down = 0;
  std::atomic<std::uint64_t> dropped_full = 0;
};

metrics::Sample MakeSample(metrics::Labels labels, double value) {
  metrics::Sample sample;
  sample.labels = std::move(labels);
  sample.value = value;
  return sample;
}

void AppendFigures(const std::vector<std::shared_ptr<const LinkFigures>>& all,
                   std::vector<metrics::Family>& out) {
  metrics::Family up{.name = "derper_mesh_link_up",
                     .kind = metrics::Kind::kGauge,
                     .help = "Whether this relay is connected to the mesh peer.",
                     .samples = {}};
  metrics::Family peers{.name = "derper_mesh_peers",
                        .kind = metrics::Kind::kGauge,
                        .help = "Clients that can be reached through the mesh peer.",
                        .samples = {}};
  metrics::Family dropped{
      .name = "derper_mesh_dropped_packets",
      .kind = metrics::Kind::kCounter,
      .help = "Packets for the mesh peer dropped for lack of a link or of room.",
      .samples = {}};
  metrics::Family refused{
      .name = "derper_mesh_refused_peers",
      .kind = metrics::Kind::kCounter,
      .help = "Announcements of the mesh peer ignored because it had announced too many clients.",
      .samples = {}};
  for (const auto& link : all) {
    if (link->self) continue;  // nothing is down where there is nothing to reach
    up.samples.push_back(MakeSample({{"host", link->host}}, link->up ? 1 : 0));
    peers.samples.push_back(MakeSample({{"host", link->host}}, static_cast<double>(link->peers)));
    refused.samples.push_back(
        MakeSample({{"host", link->host}}, static_cast<double>(link->peers_refused)));
    dropped.samples.push_back(MakeSample({{"host", link->host}, {"reason", "down"}},
                                         static_cast<double>(link->dropped_down)));
    dropped.samples.push_back(MakeSample({{"host", link->host}, {"reason", "full"}},
                                         static_cast<double>(link->dropped_full)));
  }
  out.push_back(std::move(up));
  out.push_back(std::move(peers));
  out.push_back(std::move(dropped));
  out.push_back(std::move(refused));
}

}  // namespace

// Belongs to its loop's thread once started.
class MeshLinks::Link final : public MeshLink {
 public:
  Link(const MeshTarget& target, const MeshLinksOptions& options,
       std::shared_ptr<net::Resolver> resolver, MeshPort& port, RandomSource& random,
       const Logger& logger)
      : port_(port),
        loop_(port.NextLoop()),
        anchors_(options.ca_file, logger),
        logger_(logger),
        client_({.url = target.url,
                 .name = target.host,
                 .dial_host = target.dial_host,
                 .key = options.key,
                 .mesh_key = [keys = options.mesh_keys] { return keys->Current(); },
                 .roots = [this] { return anchors_.Current(); },
                 .retry_delay =
                     [&random](unsigned failures) { return MeshRetryDelay(failures, random); },
                 .peer_limit = options.peer_limit},
                {.present = [this](const wire::PeerPresent& event) { OnPresent(event); },
                 .gone = [this](const wire::PeerGone& event) { OnGone(event); }},
                loop_, std::move(resolver), random, logger),
        figures_(std::make_shared<LinkFigures>()) {
    figures_->host = target.host;
    id_ = port.Attach(*this, loop_);
    if (!target.dial_host.empty()) {
      logger.Info("mesh(\"{}\"): will dial \"{}\" for \"{}\"", target.host, target.dial_host,
                  target.host);
    }
  }

  void Start() {
    loop_.Post([this] {
      client_.Start();
      figure_timer_ = std::make_unique<net::Timer>(loop_, [this] {
        Publish();
        const bool up = client_.state() == MeshClient::State::kUp;
        const auto line = status_.Tick(up, client_.peers(), loop_.Now());
        if (line) logger_.Info("mesh(\"{}\"): {}", figures_->host, *line);
      });
      figure_timer_->Start(kFigureInterval, kFigureInterval);
    });
  }

  void Forward(const NodePublic& source, const NodePublic& destination, ByteView packet) override {
    client_.ForwardPacket(source, destination, packet);
  }

  std::shared_ptr<const LinkFigures> figures() const { return figures_; }

 private:
  void OnPresent(const wire::PeerPresent& event) {
    port_.AddForwarder(id_, event.peer);
    Publish();
  }

  void OnGone(const wire::PeerGone& event) {
    port_.RemoveForwarder(id_, event.peer);
    Publish();
  }

  void Publish() {
    figures_->up = client_.state() == MeshClient::State::kUp;
    figures_->self = client_.state() == MeshClient::State::kConnectedSelf;
    figures_->peers = client_.peers();
    figures_->peers_refused = client_.counters().peers_refused;
    figures_->dropped_down = client_.counters().packets_dropped_down;
    figures_->dropped_full = client_.counters().packets_dropped_full;
  }

  MeshPort& port_;
  net::EventLoop& loop_;
  LinkId id_ = 0;
  AnchorFile anchors_;
  const Logger& logger_;
  MeshClient client_;
  PeerStatus status_;
  std::shared_ptr<LinkFigures> figures_;
  std::unique_ptr<net::Timer> figure_timer_;
};

MeshLinks::MeshLinks(MeshLinksOptions options, MeshPort& port, RandomSource& random,
                     const Logger& logger) {
  const auto resolver = std::make_shared<net::SystemResolver>();
  for (const MeshTarget& target : options.targets) {
    links_.push_back(std::make_unique<Link>(target, options, resolver, port, random, logger));
  }
}

MeshLinks::~MeshLinks() = default;

void MeshLinks::Start() {
  for (const auto& link : links_) link->Start();
}

metrics::Registry::Source MeshLinks::MetricsSource() const {
  std::vector<std::shared_ptr<const LinkFigures>> all;
  for (const auto& link : links_) all.push_back(link->figures());
  return [all = std::move(all)](std::vector<metrics::Family>& out) { AppendFigures(all, out); };
}

}  // namespace derp::relay
