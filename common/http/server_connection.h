// One server-side HTTP/1.x connection without I/O: bytes in, requests out, responses in, bytes out.
// The relay's workers and the event-driven Server use it alike. Not thread-safe. The owner keeps
// the time: phase() says which limit applies.
#pragma once

#include <memory>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/http/body_reader.h"
#include "common/http/body_stream.h"
#include "common/http/request.h"
#include "common/http/response.h"

namespace derp::http {

struct ConnectionLimits {
  std::size_t max_head = kMaxRequestHead;
  std::size_t max_body = 64 * 1024;
};

class ServerConnection {
 public:
  enum class Phase {
    kIdle,       // no byte of the next request is here
    kReading,    // part of a request is here
    kHandling,   // Next() gave a request; Respond() or TakeOver() has to follow
    kStreaming,  // the head is out, the body comes from stream()
    kClosing,    // send the output, then close
  };

  ServerConnection(const SocketAddress& remote, bool tls, const ConnectionLimits& limits = {});

  // A PROXY head came before the first request: its word about the client, or what the socket says
  // where it has none.
  void SetProxiedRemote(const SocketAddress& remote);
  ~ServerConnection();  // leaves the stream
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  // Adds what arrived and gives the next whole request. One request is handled at a time; what a
  // client sends ahead waits inside, up to the limits, and `input` keeps what found no room. Call
  // it again (without new input) after Respond(). A bad request is answered into `output` and ends
  // in kClosing.
  std::optional<Request> Next(ByteView& input, WallTime now, Bytes& output);

  // A streamed response leads to kStreaming.
  void Respond(const Response& response, WallTime now, Bytes& output);

  // While streaming: moves what waits in the stream to the output. Call it when all output before
  // has left, so that a slow client holds the stream back, and when the stream wakes its listener.
  void Pump(Bytes& output);
  BodyStream& stream() { return *stream_; }

  // For an upgrade, instead of Respond(): gives the bytes that came behind the request. The
  // connection is no longer HTTP afterwards.
  Bytes TakeOver();

  Phase phase() const { return phase_; }
  // How many bytes Next() would take now; none while a request is being handled. What is above that
  // is better left in the socket. While streaming, reading goes on to see the client leave.
  std::size_t input_room() const;

 private:
  std::optional<Request> TakeRequest(WallTime now, Bytes& output);
  bool TakeHead(WallTime now, Bytes& output);
  void Refuse(int status, std::string_view text, WallTime now, Bytes& output);
  std::size_t Room() const;
  void EndResponse();

  SocketAddress remote_;
  bool proxied_ = false;
  const bool tls_;
  const ConnectionLimits limits_;
  Phase phase_ = Phase::kIdle;
  Bytes pending_;  // bytes of requests, not parsed yet
  std::optional<Request> current_;
  BodyReader body_;
  ResponseForm form_;  // of the request being handled
  std::shared_ptr<BodyStream> stream_;
};

}  // namespace derp::http
