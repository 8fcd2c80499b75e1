#include "tests/bench/limit/login.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

#include "common/net/sockets.h"
#include "common/wire/login.h"
#include "common/wire/messages.h"
#include "common/wire/upgrade.h"

namespace derp::limit {
namespace {

constexpr std::size_t kReceiveSize = 64 * 1024;
constexpr std::size_t kMostLogin = 64 * 1024;  // of plaintext that waits

void Watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  Check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

// One frame off the front of `bytes`, its payload copied; empty while it is not whole.
std::optional<std::pair<wire::FrameType, Bytes>> TakeFrame(Bytes& bytes) {
  ByteView view(bytes);
  const auto frame = wire::TakeFrame(view, kMostLogin);
  if (!frame || !*frame) return std::nullopt;
  std::pair<wire::FrameType, Bytes> taken{
      (*frame)->type, Bytes((*frame)->payload.begin(), (*frame)->payload.end())};
  bytes.erase(bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(view.size()));
  return taken;
}

}  // namespace

Login::Login(int listener, SSL_CTX* context, std::vector<std::unique_ptr<Loop>>& loops)
    : listener_(listener),
      context_(context),
      loops_(loops),
      key_(NodePrivate::Generate(random_)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      received_(kReceiveSize),
      plain_(kReceiveSize) {
  Check(epoll_.valid(), "epoll");
  Watch(epoll_.get(), listener);
}

void Login::Run(int stop_fd) {
  Watch(epoll_.get(), stop_fd);
  for (;;) {
    std::array<epoll_event, 64> events{};
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == stop_fd) return;
      if (fd == listener_) {
        AcceptAll();
      } else {
        Receive(fd);
      }
    }
  }
}

void Login::AcceptAll() {
  for (;;) {
    auto accepted = net::Accept(listener_, {});
    if (!accepted || !*accepted) return;
    auto client = std::make_unique<Client>();
    client->fd = std::move((*accepted)->fd);
    const int fd = client->fd.get();
    client->session = std::make_unique<Session>(context_, /*server=*/true, fd);
    Watch(epoll_.get(), fd);
    visitors_[fd] = Visitor{.client = std::move(client)};
  }
}

void Login::Receive(int fd) {
  const auto found = visitors_.find(fd);
  if (found == visitors_.end()) return;  // of this turn, but joined meanwhile
  Client& client = *found->second.client;
  const ssize_t count = ::recv(fd, received_.data(), received_.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) {
    client.session->Lend(ByteView(received_).first(static_cast<std::size_t>(count)));
    if (Advance(found->second)) return;
  }
  by_key_.erase(client.key);
  visitors_.erase(fd);
}

bool Login::Advance(Visitor& visitor) {
  Client& client = *visitor.client;
  if (visitor.stage == Stage::kHandshake) {
    const int done = client.session->Handshake();
    if (done <= 0) return done == 0;
    visitor.stage = Stage::kHead;
  }
  for (;;) {
    const std::ptrdiff_t count = client.session->Read(plain_);
    if (count < 0) return false;
    if (count == 0) break;
    AppendBytes(client.rest, ByteView(plain_).first(static_cast<std::size_t>(count)));
  }
  if (client.rest.size() > kMostLogin) return false;
  if (visitor.stage == Stage::kHead && !TakeHead(visitor)) return false;
  if (visitor.stage == Stage::kInfo && !TakeInfo(visitor)) return false;
  if (visitor.stage == Stage::kPacket) return TakePacket(visitor);
  return !client.session->broken();
}

bool Login::TakeHead(Visitor& visitor) {
  Client& client = *visitor.client;
  std::string head(AsText(client.rest));
  const std::size_t end = head.find("\r\n\r\n");
  if (end == std::string::npos) return true;
  head.resize(end);
  client.rest.erase(client.rest.begin(),
                    client.rest.begin() + static_cast<std::ptrdiff_t>(end) + 4);
  std::transform(head.begin(), head.end(), head.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  Bytes answer;
  if (head.find("derp-fast-start: 1") == std::string::npos) {
    AppendText(answer, wire::UpgradeReplyText(key_.Public()));
  }
  wire::AppendServerKey(answer, key_.Public());
  client.session->Send(answer);
  visitor.stage = Stage::kInfo;
  return true;
}

bool Login::TakeInfo(Visitor& visitor) {
  Client& client = *visitor.client;
  const auto frame = TakeFrame(client.rest);
  if (!frame) return true;
  const auto info = wire::DecodeClientInfo(frame->second, key_);
  if (frame->first != wire::FrameType::kClientInfo || !info) return false;
  client.key = info->key;
  std::array<std::uint8_t, kBoxNonceSize> nonce{};
  random_.Fill(nonce);
  const auto answer = wire::EncodeServerInfo({}, key_, client.key, nonce);
  if (!answer) return false;
  client.session->Send(*answer);
  by_key_[client.key] = client.fd.get();
  visitor.stage = Stage::kPacket;
  return true;
}

// The packet itself is not passed on: who loads a server sends the first one until it arrives.
bool Login::TakePacket(Visitor& visitor) {
  const int source = visitor.client->fd.get();
  while (const auto frame = TakeFrame(visitor.client->rest)) {
    const auto packet = wire::DecodeSendPacket(frame->second);
    if (frame->first != wire::FrameType::kSendPacket || !packet) continue;
    const auto peer = by_key_.find(packet->destination);
    if (peer == by_key_.end() || peer->second == source) continue;
    Join(source, peer->second);
    return true;
  }
  return true;
}

void Login::Join(int source, int destination) {
  auto pair = std::make_unique<Pair>();
  std::size_t end = 0;
  for (const int fd : {source, destination}) {
    const auto visitor = visitors_.find(fd);
    pair->ends[end] = std::move(visitor->second.client);
    by_key_.erase(pair->ends[end]->key);
    visitors_.erase(visitor);
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    ++end;
  }
  pair->ends[0]->peer = pair->ends[1].get();
  pair->ends[1]->peer = pair->ends[0].get();
  loops_[next_loop_++ % loops_.size()]->Take(std::move(pair));
}

}  // namespace derp::limit
