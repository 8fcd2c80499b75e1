#include "common/derp/blocking_client.h"

#include <array>
#include <utility>

namespace derp {
namespace {

constexpr std::size_t kReadSize = 16 * 1024;  // one TLS record
// What is there when the deadline has passed is still read, but no more than this without a
// message.
constexpr int kLateReads = 16;

ClientFailure Transport(Error error) {
  return {.fault = ClientFault::kTransport, .error = std::move(error)};
}

ClientFailure Late() { return Transport({ErrorCode::kTimeout, "read: i/o timeout", 0}); }

bool IsTimeout(const ClientFailure& failure) {
  return failure.fault == ClientFault::kTransport && failure.error.code == ErrorCode::kTimeout;
}

}  // namespace

BlockingClient::BlockingClient(std::unique_ptr<net::ByteStream> stream,
                               BlockingClientOptions options, RandomSource& random,
                               const Clock& clock)
    : stream_(std::move(stream)),
      options_(std::move(options)),
      random_(random),
      clock_(clock),
      key_(options_.identity.key.Public()) {}

tl::unexpected<ClientFailure> BlockingClient::Dead(ClientFailure failure) {
  dead_ = failure;
  return Fail(std::move(failure));
}

Expected<void, ClientFailure> BlockingClient::WriteAll(ByteView bytes, TimePoint deadline) {
  if (dead_) return Fail(*dead_);
  if (!unwritable_) {
    const auto written = stream_->Write(bytes, deadline);
    if (written) return {};
    unwritable_ = Transport(Within("write", written.error()));
  }
  return Fail(*unwritable_);
}

Expected<void, ClientFailure> BlockingClient::ReadMore(TimePoint deadline) {
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(consumed_));
  consumed_ = 0;
  std::array<std::uint8_t, kReadSize> chunk;
  const auto count = stream_->Read(chunk, deadline);
  if (!count) return Fail(unwritable_.value_or(Transport(Within("read", count.error()))));
  AppendBytes(input_, ByteView(chunk).first(*count));
  return {};
}

Expected<void, ClientFailure> BlockingClient::AdvanceLogin(ClientLogin::State until,
                                                           TimePoint deadline) {
  if (dead_) return Fail(*dead_);
  for (;;) {
    ByteView input = unread();
    const auto state = login_.Feed(input);
    Consume(input);
    if (state == ClientLogin::State::kFailed) return Dead(login_.failure());
    if (state == until) return {};
    const auto more = ReadMore(deadline);
    if (more) continue;
    // An answer whose body never ended is an answer all the same.
    if (login_.InputEnded(unread()) == ClientLogin::State::kFailed) return Dead(login_.failure());
    return Dead(more.error());
  }
}

Expected<void, ClientFailure> BlockingClient::Upgrade(TimePoint deadline) {
  options_.request.fast_start = false;
  const std::string request = wire::UpgradeRequestText(options_.request);
  (void)WriteAll(AsBytes(request), deadline);  // who hung up may have said why
  return AdvanceLogin(ClientLogin::State::kGreeting, deadline);
}

Expected<NodePublic, ClientFailure> BlockingClient::ReadGreeting(TimePoint deadline) {
  const auto ready = AdvanceLogin(ClientLogin::State::kReady, deadline);
  if (!ready) return Fail(ready.error());
  server_ = login_.server();
  return server_;
}

Expected<wire::ServerInfo, ClientFailure> BlockingClient::Login(TimePoint deadline) {
  return StartSession(server_, {}, /*fast_start=*/false, deadline);
}

Expected<wire::ServerInfo, ClientFailure> BlockingClient::FastStart(const NodePublic& server,
                                                                    TimePoint deadline) {
  options_.request.fast_start = true;
  const std::string request = wire::UpgradeRequestText(options_.request);
  const ByteView bytes = AsBytes(request);
  return StartSession(server, Bytes(bytes.begin(), bytes.end()), /*fast_start=*/true, deadline);
}

Expected<wire::ServerInfo, ClientFailure> BlockingClient::StartSession(const NodePublic& server,
                                                                       Bytes first_write,
                                                                       bool fast_start,
                                                                       TimePoint deadline) {
  if (dead_) return Fail(*dead_);
  server_ = server;
  const auto box = BoxKey::Make(options_.identity.key, server_);
  if (!box) {
    return Dead({.fault = ClientFault::kBadServerKey,
                 .error = {.code = ErrorCode::kProtocol,
                           .context = "nothing can be sealed to the relay's key"}});
  }
  AppendLogin(first_write, options_.identity, key_, *box, RandomNonce(random_));
  (void)WriteAll(first_write, deadline);  // who hung up may have said why
  session_.emplace(*box, server_, fast_start);
  return AwaitServerInfo(deadline);
}

Expected<wire::ServerInfo, ClientFailure> BlockingClient::AwaitServerInfo(TimePoint deadline) {
  for (;;) {
    const auto message = NextMessage(deadline);
    if (!message) {
      // In fast start the beginning of an HTTP answer says more than that no more of it came.
      const ClientFailure ended = session_->InputEnded(unread());
      return Dead(ended.fault == ClientFault::kTransport ? message.error() : ended);
    }
    if (const auto* info = std::get_if<wire::ServerInfo>(&*message)) return *info;
    if (clock_.Now() >= deadline) return Dead(Late());
  }
}

Expected<ServerMessage, ClientFailure> BlockingClient::NextMessage(TimePoint deadline) {
  for (int late = 0;;) {
    ByteView input = unread();
    const auto message = session_->Take(input, clock_.Now());
    Consume(input);
    if (!message) return Fail(message.error());
    if (*message) return **message;
    if (clock_.Now() >= deadline && ++late > kLateReads) return Fail(unwritable_.value_or(Late()));
    const auto more = ReadMore(deadline);
    if (!more) return Fail(more.error());
  }
}

Expected<ServerMessage, ClientFailure> BlockingClient::Receive(TimePoint deadline) {
  if (dead_) return Fail(*dead_);
  Check(session_.has_value(), "Receive() comes after the login");
  auto message = NextMessage(deadline);
  if (message && std::holds_alternative<wire::Restarting>(*message)) told_restarting_ = true;
  if (!message && (unwritable_ || !IsTimeout(message.error()))) return Dead(message.error());
  return message;
}

Expected<ClientSession::SendResult, ClientFailure> BlockingClient::Send(
    const NodePublic& destination, ByteView packet, TimePoint deadline) {
  const auto result = Append(destination, packet);
  const auto written = Flush(deadline);
  if (!written) return Fail(written.error());
  return result;
}

ClientSession::SendResult BlockingClient::Append(const NodePublic& destination, ByteView packet) {
  Check(session_.has_value() || dead_.has_value(), "packets come after the login");
  if (dead_) return ClientSession::SendResult::kAppended;
  return session_->AppendPacket(unsent_, destination, packet, clock_.Now());
}

Expected<void, ClientFailure> BlockingClient::Flush(TimePoint deadline) {
  if (unsent_.empty() && !dead_) return {};
  auto written = WriteAll(unsent_, deadline);
  unsent_.clear();
  return written;
}

Expected<void, ClientFailure> BlockingClient::SendPing(const wire::PingData& data,
                                                       TimePoint deadline) {
  Bytes frame;
  wire::AppendPing(frame, data);
  return WriteAll(frame, deadline);
}

Expected<void, ClientFailure> BlockingClient::SendPong(const wire::PingData& data,
                                                       TimePoint deadline) {
  Bytes frame;
  wire::AppendPong(frame, data);
  return WriteAll(frame, deadline);
}

}  // namespace derp
