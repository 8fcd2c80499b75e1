#include "tests/bench/limit/costs.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/crypto/keys.h"
#include "common/net/sockets.h"
#include "common/wire/messages.h"
#include "tests/bench/limit/session.h"

namespace derp::limit {
namespace {

constexpr std::size_t kReceiveSize = 64 * 1024;
constexpr std::size_t kWindow = 16;
constexpr std::size_t kRecordOverhead = 5 + 1 + 16;  // header, inner type, tag
constexpr int kBatches = 2000;
constexpr int kWarmUp = 200;
constexpr auto kPatience = std::chrono::seconds(5);

// Two ends of a TLS connection over loopback, in one thread.
class Link {
 public:
  Link() : server_context_(MakeServerContext()), client_context_(MakeClientContext()) {
    auto listener = net::ListenTcp({IpAddress::V4({127, 0, 0, 1}), 0}, {});
    Check(listener.has_value(), "a listener");
    const auto address = net::LocalAddress(listener->get());
    Check(address.has_value(), "its address");
    const TimePoint deadline = SystemClock().Now() + kPatience;
    auto client = net::ConnectTcp(*address, deadline);
    Check(client.has_value() && net::WaitReadable(listener->get(), deadline), "a connection");
    auto accepted = net::Accept(listener->get(), {});
    Check(accepted && *accepted, "accept");
    client_fd_ = std::move(*client);
    server_fd_ = std::move((*accepted)->fd);
    server_.emplace(server_context_.get(), true, server_fd_.get());
    client_.emplace(client_context_.get(), false, client_fd_.get());
    while (client_->Handshake() == 0 || server_->Handshake() == 0) {
      Step(*server_, server_fd_.get());
      Step(*client_, client_fd_.get());
    }
  }

  Session& client() { return *client_; }
  Session& server() { return *server_; }
  int client_fd() const { return client_fd_.get(); }
  int server_fd() const { return server_fd_.get(); }

 private:
  void Step(Session& session, int fd) {
    if (!net::WaitReadable(fd, SystemClock().Now() + std::chrono::milliseconds(20))) return;
    const ssize_t count = ::recv(fd, scratch_.data(), scratch_.size(), 0);
    Check(count > 0, "the handshake goes on");
    session.Lend(ByteView(scratch_).first(static_cast<std::size_t>(count)));
    Check(session.Handshake() >= 0, "handshake");
  }

  ContextPtr server_context_;
  ContextPtr client_context_;
  net::Fd client_fd_;
  net::Fd server_fd_;
  Bytes scratch_ = Bytes(kReceiveSize);
  std::optional<Session> server_;
  std::optional<Session> client_;
};

double Microseconds(TimePoint from, TimePoint to) {
  return std::chrono::duration<double, std::micro>(to - from).count();
}

double Median(std::vector<double>& values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Waits until `size` bytes can be received at once, so that one call gets them.
void WaitForAll(int fd, std::size_t size, Bytes& scratch) {
  const TimePoint deadline = SystemClock().Now() + kPatience;
  for (;;) {
    const ssize_t there = ::recv(fd, scratch.data(), size, MSG_PEEK | MSG_DONTWAIT);
    if (there == static_cast<ssize_t>(size)) return;
    Check(SystemClock().Now() < deadline, "what was sent arrives");
  }
}

std::size_t CiphertextSize(std::size_t plaintext) {
  return plaintext + (plaintext + kRecordSize - 1) / kRecordSize * kRecordOverhead;
}

Costs Measure(Link& link, std::size_t payload, std::size_t frames) {
  Bytes frame;
  wire::AppendSendPacket(frame, NodePublic(), Bytes(payload, 0x5a));
  const std::size_t in_size = frames * CiphertextSize(frame.size());
  const std::size_t out_size = CiphertextSize(frames * frame.size());
  Bytes received(std::max(in_size, out_size));
  Bytes plain(frames * frame.size() + kReceiveSize);
  std::array<std::vector<double>, 4> times;
  for (int batch = -kWarmUp; batch < kBatches; ++batch) {
    for (std::size_t i = 0; i < frames; ++i) link.client().Send(frame);
    WaitForAll(link.server_fd(), in_size, received);
    std::array<TimePoint, 5> at;
    at[0] = SystemClock().Now();
    const ssize_t count = ::recv(link.server_fd(), received.data(), in_size, 0);
    at[1] = SystemClock().Now();
    Check(count == static_cast<ssize_t>(in_size), "one call receives all");
    link.server().Lend(ByteView(received).first(in_size));
    std::size_t filled = 0;
    std::ptrdiff_t got = 0;
    while ((got = link.server().Read(ByteSpan(plain).subspan(filled))) > 0) {
      filled += static_cast<std::size_t>(got);
    }
    at[2] = SystemClock().Now();
    Check(filled == frames * frame.size(), "all frames are read");
    const TimePoint write_start = SystemClock().Now();
    link.server().Encrypt(ByteView(plain).first(filled));
    at[3] = SystemClock().Now();
    link.server().SendKept();
    at[4] = SystemClock().Now();
    Check(!link.server().keeps(), "one call sends all");
    WaitForAll(link.client_fd(), out_size, received);
    Check(::recv(link.client_fd(), received.data(), out_size, 0) > 0, "drained");
    if (batch < 0) continue;
    times[0].push_back(Microseconds(at[0], at[1]));
    times[1].push_back(Microseconds(at[1], at[2]));
    times[2].push_back(Microseconds(write_start, at[3]));
    times[3].push_back(Microseconds(at[3], at[4]));
  }
  const auto per_frame = [frames](std::vector<double>& values) {
    return Median(values) / static_cast<double>(frames);
  };
  return {.payload = payload,
          .frames = frames,
          .receive = per_frame(times[0]),
          .read = per_frame(times[1]),
          .write = per_frame(times[2]),
          .send = per_frame(times[3])};
}

}  // namespace

std::vector<Costs> MeasureCosts() {
  Link link;
  std::vector<Costs> costs;
  for (const std::size_t payload : {std::size_t{100}, std::size_t{1400}, std::size_t{16384}}) {
    const std::size_t one = CiphertextSize(wire::kFrameHeaderSize + kKeySize + payload);
    const std::size_t full = kReceiveSize / one;
    if (full > kWindow) costs.push_back(Measure(link, payload, kWindow));
    costs.push_back(Measure(link, payload, full));
  }
  return costs;
}

}  // namespace derp::limit
