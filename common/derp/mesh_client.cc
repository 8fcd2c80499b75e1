#include "common/derp/mesh_client.h"

#include <utility>
#include <variant>

#include <fmt/format.h>

namespace derp {

// They belong to a running loop, so they are made in its thread.
struct MeshClient::Timers {
  Timers(net::EventLoop& loop, MeshClient& client)
      : connect(loop,
                [&client] {
                  client.Break({.code = ErrorCode::kTimeout, .context = "connect: i/o timeout"});
                }),
        idle(loop, [&client] { client.CheckIdle(); }),
        retry(loop, [&client] { client.Dial(); }) {}

  net::Timer connect;
  net::Timer idle;
  net::Timer retry;
};

MeshClient::MeshClient(MeshClientOptions options, MeshClientEvents events, net::EventLoop& loop,
                       std::shared_ptr<net::Resolver> resolver, RandomSource& random,
                       const Logger& logger)
    : options_(std::move(options)),
      events_(std::move(events)),
      loop_(loop),
      resolver_(std::move(resolver)),
      random_(random),
      logger_(logger),
      log_name_(fmt::format("mesh(\"{}\")",
                            options_.name.empty() ? options_.url.ToString() : options_.name)),
      own_(options_.key.Public()),
      tls_context_(options_.url.tls ? net::TlsClientContext::Make() : nullptr) {}

MeshClient::~MeshClient() { Stop(); }

void MeshClient::Start() {
  if (state_ != State::kStopped) return;
  timers_ = std::make_unique<Timers>(loop_, *this);
  Dial();
}

void MeshClient::Stop() {
  Disconnect();
  timers_.reset();
  present_.clear();
  state_ = State::kStopped;
}

void MeshClient::Dial() {
  state_ = State::kConnecting;
  timers_->connect.Start(options_.connect_timeout);
  dialer_ = std::make_unique<LoopDialer>(loop_, resolver_, [this](Expected<net::Fd, Error> fd) {
    if (fd) return OnConnected(std::move(*fd));
    Break(fd.error());
  });
  const std::string& host = options_.dial_host.empty() ? options_.url.host : options_.dial_host;
  dialer_->Start(host, options_.url.port, loop_.Now() + options_.connect_timeout);
}

void MeshClient::OnConnected(net::Fd fd) {
  dialer_.reset();
  std::optional<net::TlsSession> tls;
  if (tls_context_) {
    roots_ = options_.roots();
    tls = net::TlsSession::Client(tls_context_, options_.url.host);
  }
  LoopStream::Events events{.ready = [this] { return OnStreamReady(); },
                            .data = [this](ByteView bytes) { return OnData(bytes); },
                            .broken = [this](const Error& error) { Break(error); }};
  stream_ = std::make_unique<LoopStream>(loop_, std::move(fd), std::move(tls), std::move(events),
                                         options_.write_timeout);
  stream_->Start();
}

std::optional<Error> MeshClient::OnStreamReady() {
  std::optional<NodePublic> server;
  if (const net::TlsSession* tls = stream_->tls()) {
    const net::CertificateChain chain = tls->PeerCertificates();
    const net::PeerPolicy policy{.host_name = options_.url.host, .cert_name = {}};
    const auto verdict = net::VerifyPeer(chain, policy, *roots_, loop_.WallNow());
    if (verdict.problem) return Error{.code = ErrorCode::kTls, .context = verdict.detail};
    if (tls->is_tls13()) {
      if (const auto meta = net::FindMetaKey(chain)) server = meta->server;
    }
  }
  ClientDialogue::Options dialogue;
  dialogue.identity.key = options_.key;
  dialogue.identity.watch = true;
  dialogue.own = own_;
  dialogue.request.path = options_.url.path;
  dialogue.request.host = options_.url.HostHeader();
  dialogue.refuse = [this](const NodePublic& key) { return RefuseSelf(key); };
  dialogue.identity.info.mesh_key = options_.mesh_key();
  dialogue_.emplace(std::move(dialogue), random_);
  Bytes out;
  auto error = dialogue_->Start(server, out);
  if (!error) stream_->Write(out);
  return error;
}

std::optional<Error> MeshClient::RefuseSelf(const NodePublic& server) {
  if (server != own_) return std::nullopt;
  state_ = State::kConnectedSelf;
  return Error{.code = ErrorCode::kCancelled, .context = "this is the relay itself"};
}

std::optional<Error> MeshClient::OnData(ByteView bytes) {
  last_read_ = loop_.Now();
  Bytes out;
  auto error =
      dialogue_->Feed(bytes, last_read_, out, [this](const ServerMessage& message, Bytes&) {
        Handle(message);
        return true;
      });
  if (!error && !out.empty()) stream_->Write(out);
  return error;
}

void MeshClient::Handle(const ServerMessage& message) {
  if (std::holds_alternative<wire::ServerInfo>(message)) {
    if (state_ == State::kConnecting) OnUp();
  } else if (const auto* present = std::get_if<wire::PeerPresent>(&message)) {
    OnPresent(*present);
  } else if (const auto* gone = std::get_if<wire::PeerGone>(&message)) {
    present_.erase(gone->peer);
    events_.gone(*gone);
  }
}

void MeshClient::OnPresent(const wire::PeerPresent& event) {
  if (present_.size() >= options_.peer_limit && !present_.contains(event.peer)) {
    if (counters_.peers_refused++ > 0) return;
    logger_.Warn("{}: more than {} clients announced; the others are not reached through it",
                 log_name_, options_.peer_limit);
    return;
  }
  present_.insert(event.peer);
  events_.present(event);
}

void MeshClient::OnUp() {
  state_ = State::kUp;
  up_since_ = loop_.Now();
  ++counters_.connects;
  timers_->connect.Stop();
  timers_->idle.Start(options_.read_timeout);
  logger_.Info("{}: logged in to relay {}", log_name_, dialogue_->server().ShortString());
}

void MeshClient::CheckIdle() {
  const Duration silent = loop_.Now() - last_read_;
  if (silent >= options_.read_timeout)
    return Break({.code = ErrorCode::kTimeout, .context = "read: i/o timeout"});
  timers_->idle.Start(options_.read_timeout - silent);
}

void MeshClient::Disconnect() {
  dialer_.reset();
  stream_.reset();
  dialogue_.reset();
  roots_.reset();
  if (!timers_) return;
  timers_->connect.Stop();
  timers_->idle.Stop();
  timers_->retry.Stop();
}

void MeshClient::Break(const Error& error) {
  Disconnect();
  if (state_ == State::kConnectedSelf) {
    logger_.Info("{}: detected self-connect; ignoring host", log_name_);
    return;
  }
  // A peer that takes the login and hangs up is no success.
  const bool was_up = state_ == State::kUp;
  if (was_up && loop_.Now() - up_since_ >= kMeshRetryInterval) failures_in_a_row_ = 0;
  state_ = State::kWaiting;
  ++counters_.failures;
  ++failures_in_a_row_;
  const Duration delay = RetryDelay();
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(delay).count();
  if (was_up) {
    logger_.Info("{}: {}; clearing {} forwarding mappings; next try in {} ms", log_name_,
                 error.context, present_.size(), wait);
  } else {
    logger_.Info("{}: mesh connect: {}; next try in {} ms", log_name_, error.context, wait);
  }
  timers_->retry.Start(delay);
  for (const NodePublic& peer : std::exchange(present_, {}))
    events_.gone({.peer = peer, .reason = wire::PeerGoneReason::kMeshConnectionBroke});
}

Duration MeshClient::RetryDelay() const {
  return options_.retry_delay ? options_.retry_delay(failures_in_a_row_) : kMeshRetryInterval;
}

void MeshClient::ForwardPacket(const NodePublic& source, const NodePublic& destination,
                               ByteView packet) {
  const std::size_t size = wire::kFrameHeaderSize + 2 * kKeySize + packet.size();
  if (state_ != State::kUp) {
    ++counters_.packets_dropped_down;
  } else if (packet.size() > kMaxPacketSize || stream_->queued() + size > options_.queue_limit) {
    ++counters_.packets_dropped_full;
  } else {
    ++counters_.packets_forwarded;
    stream_->WriteWith(
        [&](Bytes& out) { wire::AppendForwardPacket(out, source, destination, packet); });
  }
}

}  // namespace derp
