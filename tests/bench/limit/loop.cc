#include "tests/bench/limit/loop.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/result.h"
#include "common/base/scheduling.h"
#include "common/wire/frame.h"

namespace derp::limit {
namespace {

constexpr std::size_t kReceiveSize = 64 * 1024;
// What is left of a frame, what a receive gives, and a record that OpenSSL has part of.
constexpr std::size_t kPlainSize = 256 * 1024;
constexpr std::size_t kMostKept = 4 * 1024 * 1024;
constexpr std::size_t kHead = wire::kFrameHeaderSize + kKeySize;

}  // namespace

Loop::Loop(Duration gather)
    : gather_(gather),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      received_(kReceiveSize),
      plain_(kPlainSize) {
  Check(epoll_.valid() && wake_.valid(), "descriptors of a loop");
  epoll_event event{};
  event.events = EPOLLIN;
  Check(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0, "epoll_ctl");
  thread_ = std::thread([this] { Run(); });
}

Loop::~Loop() { Stop(); }

void Loop::Take(std::unique_ptr<Pair> pair) {
  {
    const MutexLock lock(mutex_);
    new_.push_back(std::move(pair));
  }
  eventfd_write(wake_.get(), 1);
}

void Loop::Stop() {
  stop_.store(true);
  eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

void Loop::Run() {
  LetOthersFinish();              // as the relay's workers do: the limit has what they have
  prctl(PR_SET_TIMERSLACK, 1UL);  // sleeps as long as it is told to
  std::array<epoll_event, 512> events{};
  while (!stop_.load(std::memory_order_relaxed)) {
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    ++counts_.waits;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto* client = static_cast<Client*>(event.data.ptr);
      if (client == nullptr) {
        TakeNew();
        continue;
      }
      if (client->gone) continue;
      if (client->session->keeps()) client->session->SendKept();
      if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Receive(*client);
    }
    if (any_gone_) Bury();
    if (gather_ > Duration::zero()) std::this_thread::sleep_for(gather_);
  }
}

void Loop::TakeNew() {
  eventfd_t value = 0;
  eventfd_read(wake_.get(), &value);
  std::vector<std::unique_ptr<Pair>> taken;
  {
    const MutexLock lock(mutex_);
    taken.swap(new_);
  }
  for (auto& pair : taken) {
    for (const auto& end : pair->ends) {
      epoll_event event{};
      // Edges: a socket that was read to its end costs no further look.
      event.events = EPOLLIN | EPOLLOUT | EPOLLET;
      event.data.ptr = end.get();
      Check(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, end->fd.get(), &event) == 0, "epoll_ctl");
    }
    pairs_.push_back(std::move(pair));
  }
}

void Loop::Receive(Client& client) {
  const bool encrypted = client.session->encrypted();
  for (;;) {
    const std::size_t rest = client.rest.size();
    if (rest > 0) std::memcpy(plain_.data(), client.rest.data(), rest);
    std::uint8_t* const target = encrypted ? received_.data() : plain_.data() + rest;
    const ssize_t count = ::recv(client.fd.get(), target, kReceiveSize, 0);
    ++counts_.reads;
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count <= 0) return End(client);
    const auto size = static_cast<std::size_t>(count);
    std::size_t filled = rest + size;
    if (encrypted) {
      client.session->Lend(ByteView(received_).first(size));
      filled = rest;
      if (!Decrypt(client, filled)) return End(client);
    }
    Pass(client, filled);
    if (size < kReceiveSize) return;
  }
}

bool Loop::Decrypt(Client& client, std::size_t& filled) {
  for (;;) {
    const std::ptrdiff_t count = client.session->Read(ByteSpan(plain_).subspan(filled));
    if (count <= 0) return count == 0;
    filled += static_cast<std::size_t>(count);
  }
}

// Turns whole SendPacket frames into RecvPacket frames, which are as long, and sends them.
void Loop::Pass(Client& client, std::size_t filled) {
  std::size_t end = 0;
  while (const auto header = wire::PeekHeader(ByteView(plain_).subspan(end, filled - end))) {
    const std::size_t size = wire::kFrameHeaderSize + header->length;
    if (filled - end < size) break;
    if (header->type == wire::FrameType::kSendPacket && size >= kHead) {
      plain_[end] = static_cast<std::uint8_t>(wire::FrameType::kRecvPacket);
      std::memcpy(plain_.data() + end + wire::kFrameHeaderSize, client.key.raw().data(), kKeySize);
      ++counts_.frames;
      end += size;
    } else {  // a frame for the relay itself: out of the way
      std::memmove(plain_.data() + end, plain_.data() + end + size, filled - end - size);
      filled -= size;
    }
  }
  Client& peer = *client.peer;
  if (peer.gone || peer.session->kept() > kMostKept) {
    ++counts_.dropped;
  } else if (end > 0) {
    const std::uint64_t before = peer.session->sends();
    peer.session->Send(ByteView(plain_).first(end));
    counts_.sends += peer.session->sends() - before;
    if (peer.session->broken()) End(peer);
  }
  client.rest.assign(plain_.begin() + static_cast<std::ptrdiff_t>(end),
                     plain_.begin() + static_cast<std::ptrdiff_t>(filled));
}

void Loop::End(Client& client) {
  client.gone = true;
  client.fd.Close();
  any_gone_ = true;
}

void Loop::Bury() {
  any_gone_ = false;
  std::erase_if(pairs_, [](const std::unique_ptr<Pair>& pair) {
    return pair->ends[0]->gone && pair->ends[1]->gone;
  });
}

}  // namespace derp::limit
