// The way of a connection from the upgrade to the session.
#include <utility>

#include "derper/limits/limits.h"
#include "derper/relay/connection/connection.h"
#include "derper/relay/worker.h"

namespace derp::relay {

namespace {

constexpr auto kFirstRoundTrip = std::chrono::milliseconds(500);

}  // namespace

bool Connection::StartLogin(const UpgradeRequest& request, ByteView input) {
  not_ideal_ = request.not_ideal;
  StartLoginStage();
  AppendBytes(outbox_, LoginStage::Greeting(worker_.server_key(), request.fast_start));
  worker_.FlushLater(self_);
  // What came behind the head belongs to the DERP stream.
  const Bytes early = http_->TakeOver();
  http_.reset();
  return OnPlain(early) && OnPlain(input);
}

void Connection::StartLoginStage() {
  worker_.counters().accepts.Add();
  login_.emplace(worker_.options().private_key, worker_.options().mesh_keys.get(),
                 worker_.strangers());
  stage_ = Stage::kLogin;
}

bool Connection::FinishLogin(ByteView client_info) {
  const auto login = login_->OnClientInfo(client_info);
  if (!login) {
    RefuseProtocol(FaultOf(login.error()), wire::LoginErrorName(login.error()));
    return false;
  }
  login_.reset();
  if (login->is_mesh || worker_.options().admission == nullptr) {
    StartSession(*login);
  } else {
    StartAdmission(*login);
  }
  return true;
}

void Connection::StartSession(const LoggedIn& login) {
  stage_ = Stage::kSession;
  session_ = std::make_unique<Session>(
      worker_, self_, ClientFacts{.login = login, .peer = peer_, .not_ideal = not_ideal_});
  worker_.FlushLater(self_);
  if (stopping_) BeginStop(*stopping_);

  const RelayOptions& options = worker_.options();
  if (options.limits != nullptr && !login.is_mesh) {
    limit_ = options.limits->Admit(login.key, worker_.Now());
  }
  const auto jitter =
      std::chrono::duration<double>(options.keep_alive_jitter) * worker_.random().Unit();
  keep_alive_interval_ = options.keep_alive + std::chrono::duration_cast<Duration>(jitter);
  worker_.AddDeadline(self_, DeadlineKind::kKeepAlive, worker_.Now() + keep_alive_interval_);
  if (options.rtt_statistics && websocket_) {
    worker_.counters().round_trips_not_tcp.Add();
  } else if (options.rtt_statistics) {
    worker_.AddDeadline(self_, DeadlineKind::kRoundTrip, worker_.Now() + kFirstRoundTrip);
  }
}

}  // namespace derp::relay
