#include "derper/stun/datagram_batch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/stun/server_answer.h"

namespace derp::relay {
namespace {

struct alignas(cmsghdr) Control {
  std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;  // the larger of the two infos
};

}  // namespace

struct DatagramBatch::Arrays {
  std::array<std::array<std::uint8_t, stun::kMaxDatagram>, kSlots> buffers;
  std::array<sockaddr_storage, kSlots> sources;
  std::array<Control, kSlots> controls;
  std::array<iovec, kSlots> vectors;
  std::array<mmsghdr, kSlots> requests;
  std::array<std::array<std::uint8_t, stun::kMaxAnswer>, kSlots> answers;
  std::size_t used = 0;  // requests that the kernel wrote into

  Arrays() {
    for (std::size_t i = 0; i < kSlots; ++i) {
      vectors[i] = {buffers[i].data(), buffers[i].size()};
      requests[i] = {};
      msghdr& header = requests[i].msg_hdr;
      header.msg_name = &sources[i];
      header.msg_iov = &vectors[i];
      header.msg_iovlen = 1;
      header.msg_control = controls[i].bytes.data();
      Renew(i);
    }
  }
  void Renew(std::size_t slot) {
    requests[slot].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    requests[slot].msg_hdr.msg_controllen = sizeof(Control::bytes);
  }
};

DatagramBatch::DatagramBatch(int fd)
    : fd_(fd), arrays_(std::make_unique<Arrays>()), sender_(AnswerSender::CanSegment(fd)) {}
DatagramBatch::~DatagramBatch() = default;

Expected<std::size_t, Error> DatagramBatch::Receive() {
  for (std::size_t i = 0; i < arrays_->used; ++i) arrays_->Renew(i);
  arrays_->used = 0;
  for (;;) {
    const int count = ::recvmmsg(fd_, arrays_->requests.data(), kSlots, MSG_WAITFORONE, nullptr);
    if (count >= 0) {
      arrays_->used = static_cast<std::size_t>(count);
      return arrays_->used;
    }
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

void DatagramBatch::Reply(std::size_t slot, ByteView answer) {
  std::copy(answer.begin(), answer.end(), arrays_->answers[slot].begin());
  sender_.Add(arrays_->requests[slot].msg_hdr,
              ByteSpan(arrays_->answers[slot]).first(answer.size()));
}

}  // namespace derp::relay
