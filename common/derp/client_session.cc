#include "common/derp/client_session.h"

#include <fmt/format.h>

#include "common/base/defaults.h"
#include "common/base/text.h"
#include "common/derp/client_login.h"
#include "common/http/response_head.h"

namespace derp {
namespace {

constexpr std::string_view kHttpMark = "HTTP/";  // as a header: a frame of 1.4 GB

// A decoded message, or none when the frame was malformed.
template <typename Decoded>
std::optional<ServerMessage> Kept(const Decoded& decoded) {
  if (!decoded) return std::nullopt;
  return *decoded;
}

std::optional<ServerMessage> ReadHarmless(const wire::Frame& frame) {
  using wire::FrameType;
  switch (frame.type) {
    case FrameType::kRecvPacket:
      return Kept(wire::DecodeRecvPacket(frame.payload));
    case FrameType::kKeepAlive:
      return KeepAlive{};
    case FrameType::kPeerGone:
      return Kept(wire::DecodePeerGone(frame.payload));
    case FrameType::kPeerPresent:
      return Kept(wire::DecodePeerPresent(frame.payload));
    case FrameType::kPing:
      if (const auto data = wire::DecodePing(frame.payload)) return Ping{*data};
      return std::nullopt;
    case FrameType::kPong:
      if (const auto data = wire::DecodePing(frame.payload)) return Pong{*data};
      return std::nullopt;
    case FrameType::kHealth:
      return Health{AsText(frame.payload)};
    case FrameType::kRestarting:
      return Kept(wire::DecodeRestarting(frame.payload));
    case FrameType::kServerKey:  // in fast start the greeting comes here
    case FrameType::kClientInfo:
    case FrameType::kServerInfo:
    case FrameType::kSendPacket:
    case FrameType::kNotePreferred:
    case FrameType::kForwardPacket:
    case FrameType::kWatchConns:
    case FrameType::kClosePeer:
      return std::nullopt;
  }
  return std::nullopt;
}

// An HTTP answer of which the head never became complete: its status line alone says what it was.
ClientFailure CutHttpAnswer(std::string_view text) {
  const std::string first_line = std::string(text.substr(0, text.find('\n'))) + "\n\r\n";
  ByteView input = AsBytes(first_line);
  const auto head = http::TakeResponseHead(input);
  if (head && *head) return RefusedUpgrade(MakeHttpAnswer(**head, {}));
  return {.fault = ClientFault::kUpgradeMalformed,
          .error = {.code = ErrorCode::kProtocol,
                    .context = "an HTTP answer that was cut: " + PrintablePeerText(text)}};
}

}  // namespace

ClientSession::ClientSession(const BoxKey& box, const NodePublic& server, bool fast_start)
    : box_(box), server_(server), http_possible_(fast_start) {}

Expected<std::optional<ServerMessage>, ClientFailure> ClientSession::FailWith(
    ClientFailure failure) {
  failure_ = std::move(failure);
  return Fail(*failure_);
}

Expected<std::optional<ServerMessage>, ClientFailure> ClientSession::Take(ByteView& input,
                                                                          TimePoint now) {
  if (failure_) return Fail(*failure_);
  for (;;) {
    if (http_possible_) {
      if (AsText(input).starts_with(kHttpMark)) {
        if (auto failure = LookForHttp(input)) return FailWith(std::move(*failure));
        return std::nullopt;
      }
      if (input.size() < wire::kFrameHeaderSize) return std::nullopt;
      http_possible_ = false;
    }
    const auto frame = wire::TakeFrame(input, kMaxClientFrame);
    if (!frame) {
      return FailWith(
          {.fault = ClientFault::kFrameTooLong,
           .error = {.code = ErrorCode::kTooLarge,
                     .context = fmt::format("frame of {} bytes, limit {}",
                                            wire::PeekHeader(input)->length, kMaxClientFrame)}});
    }
    if (!*frame) return std::nullopt;
    auto message = Read(**frame, now);
    if (!message || *message) return message;
    ++ignored_frames_;
  }
}

std::optional<ClientFailure> ClientSession::LookForHttp(ByteView input) {
  ByteView rest = input;
  const auto head = http::TakeResponseHead(rest);
  if (!head) {
    return ClientFailure{.fault = ClientFault::kUpgradeMalformed,
                         .error = {.code = ErrorCode::kProtocol,
                                   .context = "an HTTP answer that cannot be read: " +
                                              PrintablePeerText(AsText(input))}};
  }
  if (!*head) return std::nullopt;
  return RefusedUpgrade(MakeHttpAnswer(**head, rest));
}

ClientFailure ClientSession::InputEnded(ByteView rest) {
  if (failure_) return *failure_;
  if (http_possible_ && AsText(rest).starts_with(kHttpMark)) {
    failure_ = CutHttpAnswer(AsText(rest));
  } else {
    failure_ = {.fault = ClientFault::kTransport,
                .error = {.code = ErrorCode::kClosed,
                          .context = rest.empty() ? "connection closed by the relay"
                                                  : "connection closed within a frame"}};
  }
  return *failure_;
}

Expected<std::optional<ServerMessage>, ClientFailure> ClientSession::Read(const wire::Frame& frame,
                                                                          TimePoint now) {
  if (frame.type != wire::FrameType::kServerInfo) return ReadHarmless(frame);
  const auto info = wire::DecodeServerInfo(frame.payload, box_);
  if (!info) {
    return FailWith({.fault = ClientFault::kBadServerInfo,
                     .error = {.code = ErrorCode::kProtocol,
                               .context = fmt::format("bad ServerInfo frame: {}",
                                                      wire::LoginErrorName(info.error()))}});
  }
  Limit(*info, now);
  return ServerMessage(*info);
}

void ClientSession::Limit(const wire::ServerInfo& info, TimePoint now) {
  if (info.token_bucket_bytes_per_second <= 0) {
    limiter_.reset();
  } else {
    limiter_.emplace(static_cast<double>(info.token_bucket_bytes_per_second),
                     static_cast<double>(info.token_bucket_bytes_burst), now);
  }
}

ClientSession::SendResult ClientSession::AppendPacket(Bytes& out, const NodePublic& destination,
                                                      ByteView packet, TimePoint now) {
  if (packet.size() > kMaxPacketSize) return SendResult::kTooLarge;
  const std::size_t cost = wire::kFrameHeaderSize + kKeySize + packet.size();
  if (limiter_ && !limiter_->Take(static_cast<double>(cost), now)) return SendResult::kRateLimited;
  wire::AppendSendPacket(out, destination, packet);
  return SendResult::kAppended;
}

}  // namespace derp
