#include "common/derp/mesh_client.h"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "common/wire/upgrade.h"

namespace derp {
namespace {

wire::UpgradeRequest RequestFor(const RelayUrl& url, bool fast_start) {
  return {.path = url.path, .host = url.HostHeader(), .fast_start = fast_start};
}

}  // namespace

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
  if (const net::TlsSession* tls = stream_->tls()) {
    const net::CertificateChain chain = tls->PeerCertificates();
    const net::PeerPolicy policy{.host_name = options_.url.host, .cert_name = {}};
    const auto verdict = net::VerifyPeer(chain, policy, *roots_, loop_.WallNow());
    if (verdict.problem) return Error{.code = ErrorCode::kTls, .context = verdict.detail};
    const auto meta = net::FindMetaKey(chain);
    if (meta && tls->is_tls13() && meta->version != 0 && !meta->server.is_zero())
      return LogInTo(meta->server, /*fast_start=*/true);
  }
  login_.emplace();
  stream_->Write(AsBytes(wire::UpgradeRequestText(RequestFor(options_.url, false))));
  return std::nullopt;
}

std::optional<Error> MeshClient::LogInTo(const NodePublic& server, bool fast_start) {
  if (server == own_) {
    state_ = State::kConnectedSelf;
    return Error{.code = ErrorCode::kCancelled, .context = "this is the relay itself"};
  }
  ClientIdentity identity{.key = options_.key, .watch = true};
  identity.info.mesh_key = options_.mesh_key();
  Bytes out;
  if (fast_start) AppendText(out, wire::UpgradeRequestText(RequestFor(options_.url, true)));
  if (!AppendLogin(out, identity, server, RandomNonce(random_)))
    return Error{.code = ErrorCode::kProtocol,
                 .context = "nothing can be sealed to the relay's key"};
  login_.reset();
  session_.emplace(options_.key, server, fast_start);
  stream_->Write(out);
  return std::nullopt;
}

std::optional<Error> MeshClient::OnData(ByteView bytes) {
  last_read_ = loop_.Now();
  // Whole frames are read where they are; only what is left of a cut one is kept.
  const bool kept = !input_.empty();
  if (kept) AppendBytes(input_, bytes);
  ByteView input = kept ? ByteView(input_) : bytes;
  const std::size_t size = input.size();
  std::optional<Error> error;
  if (login_) error = FeedLogin(input);
  if (!error && session_) error = FeedSession(input);
  if (error) return error;
  const auto consumed = static_cast<std::ptrdiff_t>(size - input.size());
  if (kept) {
    input_.erase(input_.begin(), input_.begin() + consumed);
  } else {
    AppendBytes(input_, input);
  }
  return std::nullopt;
}

std::optional<Error> MeshClient::FeedLogin(ByteView& input) {
  for (;;) {
    const auto before = login_->state();
    const auto after = login_->Feed(input);
    if (after == ClientLogin::State::kFailed) return login_->failure().error;
    if (after == ClientLogin::State::kReady) return LogInTo(login_->server(), false);
    if (after == before) return std::nullopt;
  }
}

std::optional<Error> MeshClient::FeedSession(ByteView& input) {
  for (;;) {
    const auto message = session_->Take(input, loop_.Now());
    if (!message) return message.error().error;
    if (!*message) return std::nullopt;
    Handle(**message);
  }
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
  logger_.Info("{}: logged in to relay {}", log_name_, session_->server().ShortString());
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
  login_.reset();
  session_.reset();
  roots_.reset();
  input_ = Bytes();
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
