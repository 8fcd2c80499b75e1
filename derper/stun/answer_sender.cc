#include "derper/stun/answer_sender.h"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "common/base/mix.h"

namespace derp::relay {
namespace {

constexpr std::size_t kTableSize = 4 * AnswerSender::kMost;
constexpr std::uint8_t kNone = 0xff;
static_assert(AnswerSender::kMost < kNone);

// Room for the larger of the two packet infos and the size of the segments.
constexpr std::size_t kControlSize =
    CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint16_t));
struct alignas(cmsghdr) Control {
  std::array<std::uint8_t, kControlSize> bytes;
};

template <typename Value>
void PutControl(msghdr& message, Control& control, int level, int type, const Value& value) {
  auto* const item = reinterpret_cast<cmsghdr*>(&control.bytes[message.msg_controllen]);
  item->cmsg_level = level;
  item->cmsg_type = type;
  item->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(item), &value, sizeof value);
  message.msg_control = control.bytes.data();
  message.msg_controllen += CMSG_SPACE(sizeof value);
}

template <typename Info>
Info InfoOf(const cmsghdr& item) {
  Info info;
  std::memcpy(&info, CMSG_DATA(&item), sizeof info);
  return info;
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
      PutControl(reply, control, IPPROTO_IP, IP_PKTINFO, info);
      return;
    }
    if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
      auto info = InfoOf<in6_pktinfo>(*item);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) return;
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
      PutControl(reply, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
      return;
    }
  }
}

// Of the client's address and port, wherever the family has them.
std::uint64_t HashOf(const msghdr& request) {
  const auto* const name = static_cast<const std::uint8_t*>(request.msg_name);
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  std::memcpy(&head, name, sizeof head);
  if (request.msg_namelen >= sizeof(sockaddr_in6)) {
    std::memcpy(&tail, name + offsetof(sockaddr_in6, sin6_addr) + 8, sizeof tail);
  }
  return MixBits(head ^ (tail * 3));
}

bool IsSamePath(const msghdr& a, const msghdr& b) {
  return a.msg_namelen == b.msg_namelen && a.msg_controllen == b.msg_controllen &&
         std::memcmp(a.msg_name, b.msg_name, a.msg_namelen) == 0 &&
         (a.msg_controllen == 0 ||
          std::memcmp(a.msg_control, b.msg_control, a.msg_controllen) == 0);
}

}  // namespace

struct AnswerSender::Arrays {
  // In the order of Add(); `next` leads through those of one group.
  struct Noted {
    const msghdr* request;
    iovec bytes;
    std::uint8_t next;
  };
  struct Range {
    std::uint8_t first;
    std::uint8_t last;
    std::uint8_t count;
  };
  std::array<Noted, kMost> answers;
  std::array<Range, kMost> groups;
  std::array<std::uint8_t, kTableSize> table;  // of groups, by HashOf()

  std::array<iovec, kMost> vectors;  // those of one group beside each other
  std::array<Control, kMost> controls;
  std::array<mmsghdr, kMost> messages;  // one for each group
};

bool AnswerSender::CanSegment(int fd) {
  int size = 0;
  socklen_t length = sizeof size;
  return ::getsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, &length) == 0;
}

AnswerSender::AnswerSender(bool segments)
    : segments_(segments), arrays_(std::make_unique<Arrays>()) {}
AnswerSender::~AnswerSender() = default;

void AnswerSender::Add(const msghdr& request, ByteSpan answer) {
  arrays_->answers[count_++] = {&request, {answer.data(), answer.size()}, kNone};
}

// Who chooses addresses that collide makes this a walk over kMost groups, no more.
void AnswerSender::Group() {
  groups_ = 0;
  arrays_->table.fill(kNone);
  for (std::uint8_t i = 0; i < count_; ++i) {
    const Arrays::Noted& answer = arrays_->answers[i];
    std::size_t at = segments_ && count_ > 1 ? HashOf(*answer.request) % kTableSize : 0;
    std::uint8_t group = kNone;
    for (; segments_ && (group = arrays_->table[at]) != kNone; at = (at + 1) % kTableSize) {
      const Arrays::Noted& first = arrays_->answers[arrays_->groups[group].first];
      if (first.bytes.iov_len == answer.bytes.iov_len &&
          IsSamePath(*first.request, *answer.request)) {
        break;
      }
    }
    if (group == kNone) {
      arrays_->table[at] = static_cast<std::uint8_t>(groups_);
      arrays_->groups[groups_++] = {i, i, 1};
      continue;
    }
    Arrays::Range& range = arrays_->groups[group];
    arrays_->answers[range.last].next = i;
    range.last = i;
    ++range.count;
  }
}

std::size_t AnswerSender::FillMessages() {
  std::size_t vectors = 0;
  for (std::size_t group = 0; group < groups_; ++group) {
    const Arrays::Range& range = arrays_->groups[group];
    const Arrays::Noted& first = arrays_->answers[range.first];
    Control& control = arrays_->controls[group];
    msghdr& message = arrays_->messages[group].msg_hdr;
    message = {};
    message.msg_name = first.request->msg_name;
    message.msg_namelen = first.request->msg_namelen;
    message.msg_iov = &arrays_->vectors[vectors];
    message.msg_iovlen = range.count;
    for (std::uint8_t i = range.first; i != kNone; i = arrays_->answers[i].next) {
      arrays_->vectors[vectors++] = arrays_->answers[i].bytes;
    }
    ReplyFromAsked(*first.request, message, control);
    if (range.count > 1) {
      PutControl(message, control, SOL_UDP, UDP_SEGMENT,
                 static_cast<std::uint16_t>(first.bytes.iov_len));
    }
  }
  return groups_;
}

AnswerSender::Sent AnswerSender::Send(int fd) {
  Sent sent;
  Group();
  const std::size_t messages = FillMessages();
  std::size_t done = 0;
  while (done < messages) {
    const int count = ::sendmmsg(fd, &arrays_->messages[done],
                                 static_cast<unsigned>(messages - done), MSG_DONTWAIT);
    if (count > 0) {
      for (int i = 0; i < count; ++i) sent.success += arrays_->groups[done++].count;
    } else if (errno != EINTR) {  // The first one is at fault.
      sent.last_errno = errno;
      SendEach(fd, done++, sent);
    }
  }
  count_ = 0;
  return sent;
}

// The answers of a group that was refused. A way out that does not make checksums refuses to cut
// (EIO); nothing is grouped again then.
void AnswerSender::SendEach(int fd, std::size_t group, Sent& sent) {
  const Arrays::Range& range = arrays_->groups[group];
  if (range.count == 1) {
    ++sent.failed;
    return;
  }
  if (sent.last_errno == EIO || sent.last_errno == EINVAL) segments_ = false;
  msghdr message = arrays_->messages[group].msg_hdr;
  message.msg_controllen -= CMSG_SPACE(sizeof(std::uint16_t));
  const std::size_t count = message.msg_iovlen;
  message.msg_iovlen = 1;
  for (std::size_t i = 0; i < count; ++i, ++message.msg_iov) {
    if (::sendmsg(fd, &message, MSG_DONTWAIT) >= 0) {
      ++sent.success;
    } else {
      ++sent.failed;
      sent.last_errno = errno;
    }
  }
}

}  // namespace derp::relay
