// One accepted socket for its whole life: TLS handshake, request heads, the login, the session. All
// I/O of a client is here; what its frames mean is the session's.
#pragma once

#include <memory>
#include <optional>

#include "common/base/bytes.h"
#include "common/http/server_connection.h"
#include "common/http/websocket.h"
#include "common/net/event_loop.h"
#include "derper/limits/source_limit.h"
#include "derper/relay/connection/frame_stream.h"
#include "derper/relay/connection/incoming.h"
#include "derper/relay/connection/login_stage.h"
#include "derper/relay/connection/session.h"
#include "derper/relay/connection/transport.h"
#include "derper/relay/connection/upgrade_request.h"
#include "derper/relay/peer_fault.h"
#include "derper/relay/queues/deadline_queue.h"
#include "derper/relay/queues/packet_kind.h"
#include "derper/relay/registry/connection_ref.h"
#include "derper/relay/relay.h"
#include "derper/relay/traffic/traffic_port.h"

namespace derp::relay {

class Worker;

// Belongs to a worker, in whose thread everything happens. Never destroys itself: Doom() asks the
// worker to do it at the end of the turn.
class Connection final : private FrameHandler, private PlainSink {
 public:
  Connection(Worker& worker, ConnectionRef self, Incoming incoming);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Session* session() { return doomed_ ? nullptr : session_.get(); }
  // Also between Doom() and the end of the turn.
  const Session* held_session() const { return session_.get(); }
  bool flush_queued() const { return flush_queued_; }
  void set_flush_queued() { flush_queued_ = true; }

  // A read that was put off while the TLS handshake runs.
  void ContinueHandshake();
  void OnDeadline(DeadlineKind kind);
  void OnSiteReply(const http::Response& response);
  void OnAdmission(bool admitted);
  void OnLimitsChanged();
  // Queues a packet; makes room by writing first, by dropping the oldest second.
  // False when there is nobody any more to send it to.
  bool Deliver(PacketKind kind, const HashedKey& source, ByteView payload, bool from_mesh);
  // Writes what there is and the socket takes.
  void Flush();
  // Says Restarting to a client and ends when it is written and the client hung up. Who is still
  // logging in may finish first, if that takes no time.
  void BeginStop(std::chrono::milliseconds reconnect_in);
  void Doom();
  // Adds the figures of the client, if one is logged in.
  void AppendTraffic(std::vector<ClientFigures>& out) const;

 private:
  enum class Stage {
    kHead,      // TLS handshake, or between requests
    kSite,      // the site thinks
    kReplying,  // its answer is being written; then the next head
    kLogin,
    kAdmission,  // somebody decides whether the client may enter
    kSession,
    kDraining,  // nothing is listened to any more; ends when all is written and the peer ends
  };

  // A request was read and its answer is not written yet, or a login is being decided about;
  // nothing is read meanwhile.
  bool owes_reply() const {
    return stage_ == Stage::kSite || stage_ == Stage::kAdmission ||
           (stage_ == Stage::kReplying && !streaming());
  }
  // The answer's body comes piece by piece; reading goes on to see the client leave.
  bool streaming() const {
    return http_ && http_->phase() == http::ServerConnection::Phase::kStreaming;
  }

  void OnIo(net::IoEvents events);
  void Read(int times);
  void UpdateInterest();
  bool OnPlain(ByteView bytes) override;
  void OnProxyHead(const net::ProxyHead& head) override;
  Verdict OnHeader(const wire::FrameHeader& header) override;
  bool OnFrame(const wire::Frame& frame) override;

  // connection_http.cc
  bool FeedHttp(ByteView input);
  bool HandleRequest(http::Request request, ByteView input);
  void Respond(const http::Response& response);
  void FinishReply();
  void ListenToStream();
  void PumpStream();
  void CountRequest();
  void EndRequest();

  // connection_login.cc
  bool StartLogin(const UpgradeRequest& request, ByteView input);
  bool FinishLogin(ByteView client_info);
  void StartLoginStage();
  void StartSession(const LoggedIn& login);

  // connection_admission.cc
  void StartAdmission(const LoggedIn& login);

  // connection_limits.cc: a source that exceeds its limit is not read for a while. Nothing of it is
  // dropped, and writing to it goes on.
  bool paused() const { return pause_.on && stage_ == Stage::kSession; }
  bool MayHandle(const wire::FrameHeader& header);
  bool IsAboveQuota(const wire::Frame& frame);
  void PauseFor(Duration wait);
  void OnPauseOver();
  void GoOn();
  void RefuseProxyHead();

  // connection_websocket.cc
  bool StartWebSocket(const http::RequestHead& head, ByteView input);
  bool FeedWebSocket(ByteView input);
  void EndWebSocket();
  void CloseWebSocket();
  // Bytes of the DERP stream, wrapped where the client speaks WebSocket.
  void WriteStream(ByteView bytes);

  // connection_faults.cc
  void NoteHandshakeFault(HandshakeFault fault, std::string_view why);
  void NoteTlsFailure();
  void RefuseProtocol(PeerFault fault, std::string_view why);
  void NotePeerFault(PeerFault fault, std::string_view why);

  void OnAllWritten();
  void StartDraining(Duration patience);
  void SetDeadline(Duration after);
  void OnLoginDeadline();
  void CheckStall();
  void ArmStall();
  void NoteActivity();
  void CheckIdle();
  void ReleaseIdle();
  void SampleRoundTrip();
  bool AskRoundTrip();
  Duration StallLimit() const;

  Worker& worker_;
  const ConnectionRef self_;
  SocketAddress peer_;  // the client itself, once a PROXY head named it
  const ListenerOptions& listener_;
  Transport transport_;
  net::IoWatcher io_;

  Stage stage_ = Stage::kHead;
  bool doomed_ = false;
  bool read_put_off_ = false;
  bool flush_queued_ = false;
  bool more_to_write_ = false;  // a turn's share is written, the rest is for the next
  bool finished_writing_ = false;
  std::optional<std::chrono::milliseconds> stopping_;  // what Restarting says, or would
  bool lingered_ = false;

  std::optional<http::ServerConnection> http_;  // until the login
  Bytes outbox_;                                // what is to be written outside the session's lanes
  FrameStream frames_;
  std::optional<http::WebSocket> websocket_;  // between the plain bytes and the frames

  bool request_counted_ = false;  // in the gauge of running requests

  std::optional<LoginStage> login_;
  bool not_ideal_ = false;
  std::optional<LoggedIn> applicant_;  // while the admission is asked
  std::unique_ptr<Session> session_;
  Duration keep_alive_interval_{};

  std::unique_ptr<SourceLimit> limit_;  // of the session; null: none
  struct Pause {
    bool on = false;
    bool paid = false;   // the frame that waits may be handled
    bool ended = false;  // the stream's end was found while it was on
    TimePoint until{};
  } pause_;

  TimePoint deadline_{};  // of login, idle HTTP or draining
  TimePoint last_activity_{};
  bool idle_queued_ = false;
  bool releases_at_once_ = false;  // what is written is the keep-alive of an idle client
  bool stall_queued_ = false;
  TimePoint stall_since_{};
  std::optional<Duration> round_trip_;  // as the kernel told it last
  TimePoint round_trip_asked_{};
};

}  // namespace derp::relay
