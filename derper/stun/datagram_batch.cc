#include "derper/stun/datagram_batch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

namespace derp::relay {
namespace {

// Room for the larger of the two packet infos.
constexpr std::size_t kControlSize = CMSG_SPACE(sizeof(in6_pktinfo));

struct alignas(cmsghdr) Control {
  std::array<std::uint8_t, kControlSize> bytes{};
};

template <typename Info>
Info InfoOf(const cmsghdr& item) {
  Info info;
  std::memcpy(&info, CMSG_DATA(&item), sizeof info);
  return info;
}

template <typename Info>
void PutInfo(msghdr& message, Control& control, int level, int type, const Info& info) {
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* const item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = level;
  item->cmsg_type = type;
  item->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(item), &info, sizeof info);
}

// Makes `reply` leave from the address that `request` was sent to. The way out stays the routing
// table's choice, except towards link-local addresses, which mean nothing without an interface. On
// a dual-stack socket an IPv4 address comes and goes as a mapped one.
void ReplyFromAsked(const msghdr& request, msghdr& reply, Control& control) {
  for (const cmsghdr* item = CMSG_FIRSTHDR(&request); item != nullptr;
       item = CMSG_NXTHDR(const_cast<msghdr*>(&request), const_cast<cmsghdr*>(item))) {
    if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
      auto info = InfoOf<in_pktinfo>(*item);
      info.ipi_ifindex = 0;  // ipi_spec_dst already is the local address to answer from.
      PutInfo(reply, control, IPPROTO_IP, IP_PKTINFO, info);
      return;
    }
    if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
      auto info = InfoOf<in6_pktinfo>(*item);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) return;
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
      PutInfo(reply, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
      return;
    }
  }
}

}  // namespace

struct DatagramBatch::Arrays {
  std::array<std::array<std::uint8_t, stun::kMaxDatagram>, kSlots> buffers;
  std::array<sockaddr_storage, kSlots> sources;
  std::array<Control, kSlots> controls;
  std::array<iovec, kSlots> vectors;
  std::array<mmsghdr, kSlots> requests;

  std::array<Bytes, kSlots> answers;
  std::array<Control, kSlots> answer_controls;
  std::array<iovec, kSlots> answer_vectors;
  std::array<mmsghdr, kSlots> replies;
};

DatagramBatch::DatagramBatch() : arrays_(std::make_unique<Arrays>()) {}
DatagramBatch::~DatagramBatch() = default;

Expected<std::size_t, Error> DatagramBatch::Receive(int fd) {
  received_ = 0;
  replies_ = 0;
  for (std::size_t i = 0; i < kSlots; ++i) {
    arrays_->vectors[i] = {arrays_->buffers[i].data(), arrays_->buffers[i].size()};
    arrays_->requests[i] = {};
    msghdr& header = arrays_->requests[i].msg_hdr;
    header.msg_name = &arrays_->sources[i];
    header.msg_namelen = sizeof arrays_->sources[i];
    header.msg_iov = &arrays_->vectors[i];
    header.msg_iovlen = 1;
    header.msg_control = arrays_->controls[i].bytes.data();
    header.msg_controllen = kControlSize;
  }
  for (;;) {
    const int count = ::recvmmsg(fd, arrays_->requests.data(), kSlots, MSG_DONTWAIT, nullptr);
    if (count >= 0) {
      received_ = static_cast<std::size_t>(count);
      return received_;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
    if (errno != EINTR) return Fail(SystemError("recvmmsg", errno));
  }
}

ByteView DatagramBatch::datagram(std::size_t slot) const {
  return ByteView(arrays_->buffers[slot]).first(arrays_->requests[slot].msg_len);
}

SocketAddress DatagramBatch::Source(std::size_t slot) const {
  const sockaddr_storage& storage = arrays_->sources[slot];
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return {IpAddress::V4(bytes), ntohs(in.sin_port)};
  }
  sockaddr_in6 in6{};
  std::memcpy(&in6, &storage, sizeof in6);
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &in6.sin6_addr, bytes.size());
  return {IpAddress::V6(bytes).Unmap(), ntohs(in6.sin6_port)};
}

void DatagramBatch::Reply(std::size_t slot, Bytes bytes) {
  const std::size_t i = replies_++;
  const msghdr& request = arrays_->requests[slot].msg_hdr;
  arrays_->answers[i] = std::move(bytes);
  arrays_->answer_vectors[i] = {arrays_->answers[i].data(), arrays_->answers[i].size()};
  arrays_->replies[i] = {};
  msghdr& reply = arrays_->replies[i].msg_hdr;
  reply.msg_name = request.msg_name;
  reply.msg_namelen = request.msg_namelen;
  reply.msg_iov = &arrays_->answer_vectors[i];
  reply.msg_iovlen = 1;
  ReplyFromAsked(request, reply, arrays_->answer_controls[i]);
}

DatagramBatch::Sent DatagramBatch::SendReplies(int fd) {
  Sent sent;
  std::size_t done = 0;
  while (done < replies_) {
    const int count = ::sendmmsg(fd, &arrays_->replies[done],
                                 static_cast<unsigned>(replies_ - done), MSG_DONTWAIT);
    if (count > 0) {
      sent.success += static_cast<std::size_t>(count);
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      sent.last_errno = errno;
      ++sent.failed;  // The first one is at fault.
      ++done;
    }
  }
  replies_ = 0;
  return sent;
}

}  // namespace derp::relay
