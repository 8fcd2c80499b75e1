#include "tests/bench/stun/client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "common/net/sockets.h"

namespace derp::stunload {
namespace {

constexpr std::size_t kAnswerRoom = 128;
constexpr int kReceiveBuffer = 4 * 1024 * 1024;
constexpr std::size_t kNumberAt = 8;  // in the transaction id

using RequestBytes = std::array<std::uint8_t, stun::kRequestSize>;

// The head and the only attribute of an answer, as stun.md 1.2 has them for IPv4.
void FillExpected(const SocketAddress& local, ByteSpan head, ByteSpan attribute) {
  const Bytes answer = stun::BuildResponse({}, local);
  std::copy_n(answer.begin(), head.size(), head.begin());
  std::copy_n(answer.begin() + stun::kHeaderSize, attribute.size(), attribute.begin());
}

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
  sent += other.sent;
  answered += other.answered;
  duplicated += other.duplicated;
  wrong += other.wrong;
  not_sent += other.not_sent;
  return *this;
}

Expected<std::unique_ptr<Client>, Error> Client::Open(const SocketAddress& server,
                                                      std::uint32_t nonce, std::uint32_t index) {
  net::Fd fd(::socket(server.ip.is_v4() ? AF_INET : AF_INET6,
                      SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Fail(SystemError("socket", errno));
  const int size = kReceiveBuffer;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  sockaddr_storage storage{};
  const socklen_t length = net::ToSockaddr(server, storage);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    return Fail(SystemError("connect " + server.ToString(), errno));
  }
  const auto local = net::LocalAddress(fd.get());
  if (!local) return Fail(local.error());
  return std::unique_ptr<Client>(new Client(std::move(fd), *local, nonce, index));
}

Client::Client(net::Fd fd, const SocketAddress& local, std::uint32_t nonce, std::uint32_t index)
    : fd_(std::move(fd)), local_(local), head_(), attribute_(), sent_at_(kRemembered) {
  StoreU32Be(id_.bytes.data(), nonce);
  StoreU32Be(id_.bytes.data() + 4, index);
  FillExpected(local_, head_, attribute_);
}

void Client::Send(std::size_t count, bool segmented, TimePoint now) {
  for (std::size_t i = 0; i < count; ++i) {
    sent_at_[(next_ + i) % kRemembered] = now;
    waiting_.set((next_ + i) % kRemembered);
  }
  const std::uint64_t before = counts_.sent;
  if (segmented) {
    SendSegmented(count);
  } else {
    SendEach(count);
  }
  counts_.not_sent += count - (counts_.sent - before);
}

void Client::SendEach(std::size_t count) {
  std::array<RequestBytes, kMostAtOnce> requests;
  std::array<iovec, kMostAtOnce> vectors;
  std::array<mmsghdr, kMostAtOnce> messages;
  for (std::size_t i = 0; i < count; ++i) {
    StoreU32Be(&id_.bytes[kNumberAt], next_++);
    requests[i] = stun::BuildRequest(id_);
    vectors[i] = {requests[i].data(), requests[i].size()};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int done = ::sendmmsg(fd_.get(), messages.data(), static_cast<unsigned>(count), 0);
  if (done > 0) counts_.sent += static_cast<std::uint64_t>(done);
}

void Client::SendSegmented(std::size_t count) {
  std::array<RequestBytes, kMostAtOnce> requests;
  for (std::size_t i = 0; i < count; ++i) {
    StoreU32Be(&id_.bytes[kNumberAt], next_++);
    requests[i] = stun::BuildRequest(id_);
  }
  iovec vector{requests.data(), count * stun::kRequestSize};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> control{};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_UDP;
  item->cmsg_type = UDP_SEGMENT;
  item->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const std::uint16_t segment = stun::kRequestSize;
  std::memcpy(CMSG_DATA(item), &segment, sizeof segment);
  if (::sendmsg(fd_.get(), &message, 0) > 0) counts_.sent += count;
}

void Client::Receive(load::Histogram* times) {
  std::array<std::array<std::uint8_t, kAnswerRoom>, kMostAtOnce> buffers;
  std::array<iovec, kMostAtOnce> vectors;
  std::array<mmsghdr, kMostAtOnce> messages;
  for (std::size_t i = 0; i < kMostAtOnce; ++i) {
    vectors[i] = {buffers[i].data(), buffers[i].size()};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int count = kMostAtOnce;
  while (count == kMostAtOnce) {
    count = ::recvmmsg(fd_.get(), messages.data(), kMostAtOnce, MSG_DONTWAIT, nullptr);
    if (count <= 0) return;
    const TimePoint now = times == nullptr ? TimePoint{} : SystemClock().Now();
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      Judge(ByteView(buffers[i]).first(messages[i].msg_len), now, times);
    }
  }
}

void Client::Judge(ByteView answer, TimePoint now, load::Histogram* times) {
  const auto id = stun::PeekTransactionId(answer);
  if (!id || !std::equal(id_.bytes.begin(), id_.bytes.begin() + kNumberAt, id->bytes.begin()) ||
      !IsAddressRight(answer)) {
    ++counts_.wrong;
    return;
  }
  const std::uint32_t number = LoadU32Be(&id->bytes[kNumberAt]);
  const std::uint32_t age = next_ - 1 - number;
  if (age >= next_) {
    ++counts_.wrong;
  } else if (age >= kRemembered || !waiting_[number % kRemembered]) {
    ++counts_.duplicated;
  } else {
    waiting_.reset(number % kRemembered);
    ++counts_.answered;
    if (times == nullptr) return;
    times->Record(static_cast<std::uint64_t>((now - sent_at_[number % kRemembered]).count()));
  }
}

// The usual form byte for byte, any other by the reader that our own clients use.
bool Client::IsAddressRight(ByteView answer) const {
  constexpr std::size_t kUsual = stun::kHeaderSize + 12;
  if (answer.size() == kUsual && std::memcmp(answer.data(), head_.data(), head_.size()) == 0 &&
      std::memcmp(&answer[stun::kHeaderSize], attribute_.data(), attribute_.size()) == 0) {
    return true;
  }
  const auto response = stun::ParseResponse(answer);
  return response && response->address == local_;
}

}  // namespace derp::stunload
