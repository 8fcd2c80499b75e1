#include "tests/integration/derper/hostile/strangers.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>

#include <fmt/format.h>

#include "common/net/sockets.h"
#include "common/wire/messages.h"
#include "common/wire/upgrade.h"

namespace derp::test {
namespace {

constexpr std::size_t kChunk = 64 * 1024;

template <typename T>
T Must(Expected<T, Error> result, const char* what) {
  if (!result) throw std::runtime_error(fmt::format("{}: {}", what, result.error().context));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

const std::shared_ptr<const net::TlsClientContext>& Context() {
  static const auto context = net::TlsClientContext::Make();
  return context;
}

// Up to the end of an HTTP head.
std::string ReadHead(net::ByteStream& stream) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    Bytes byte(1);
    Must(stream.Read(byte, Soon()), "reading a head");
    head += AsText(byte);
  }
  return head;
}

template <typename T>
void Ensure(const Expected<T, ClientFailure>& done) {
  if (!done) throw std::runtime_error("login: " + done.error().error.context);
}

// True when the peer has ended.
bool DiscardInput(int socket) {
  static thread_local Bytes buffer(kChunk);
  while (true) {
    const ssize_t count = recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count == 0) return true;
    if (count < 0) return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
  }
}

}  // namespace

net::Fd DialSocket(const ServerProcess& server, int receive_buffer) {
  net::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_buffer > 0) {
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  sockaddr_storage storage{};
  const unsigned size = net::ToSockaddr(server.address(), storage);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0) {
    throw std::runtime_error(fmt::format("connect: error {}", errno));
  }
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

Stream DialTcp(const ServerProcess& server) { return net::MakePlainStream(DialSocket(server)); }

Stream DialTls(const ServerProcess& server, int receive_buffer) {
  auto stream = net::StartTls(DialSocket(server, receive_buffer), Context(), "127.0.0.1", Soon());
  if (!stream) throw std::runtime_error("TLS: " + stream.error().error.context);
  return std::move(*stream);
}

Stream DialUpgraded(const ServerProcess& server) {
  Stream stream = DialTls(server);
  const std::string request = wire::UpgradeRequestText({.host = "127.0.0.1"});
  Must(stream->Write(AsBytes(request), Soon()), "upgrade");
  if (!ReadHead(*stream).starts_with("HTTP/1.1 101 ")) throw std::runtime_error("no upgrade");
  return stream;
}

Client::Client(const ServerProcess& server, const LoginWish& wish) {
  BlockingClientOptions options;
  options.identity.key = wish.key ? *wish.key : NodePrivate::Generate(random_);
  if (wish.mesh) options.identity.info.mesh_key = server.mesh_key();
  options.identity.watch = wish.watch;
  options.request.host = "127.0.0.1";
  client_ = std::make_unique<BlockingClient>(DialTls(server, wish.receive_buffer), options, random_,
                                             clock_);
  Ensure(client_->Upgrade(Soon()));
  Ensure(client_->ReadGreeting(Soon()));
  Ensure(client_->Login(Soon()));
}

bool Client::Write(ByteView frames) { return stream().Write(frames, Soon()).has_value(); }

bool Client::Drain() {
  static thread_local Bytes buffer(kChunk);
  while (stream().buffered() || net::WaitReadable(fd(), clock_.Now())) {
    if (const auto count = stream().Read(buffer, clock_.Now()); !count) {
      return count.error().code == ErrorCode::kTimeout;
    }
  }
  return true;
}

bool Client::RoundTrip() {
  wire::PingData data{};
  random_.Fill(data);
  if (!client_->SendPing(data, Soon())) return false;
  while (const auto message = client_->Receive(Soon())) {
    const auto* pong = std::get_if<Pong>(&*message);
    if (pong != nullptr && pong->data == data) return true;
  }
  return false;
}

std::vector<std::unique_ptr<Client>> LogInMany(const ServerProcess& server, std::size_t count,
                                               const LoginWish& wish) {
  std::vector<std::unique_ptr<Client>> clients;
  while (clients.size() < count) clients.push_back(std::make_unique<Client>(server, wish));
  return clients;
}

std::size_t AwaitClosed(std::vector<int> sockets, TimePoint deadline) {
  const std::size_t all = sockets.size();
  const SystemClock clock;
  while (!sockets.empty()) {
    std::vector<pollfd> waiting;
    for (const int socket : sockets)
      waiting.push_back({.fd = socket, .events = POLLIN, .revents = 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.Now());
    if (left.count() <= 0) break;
    poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
    sockets.clear();
    for (const pollfd& item : waiting) {
      if (item.revents == 0 || !DiscardInput(item.fd)) sockets.push_back(item.fd);
    }
  }
  return all - sockets.size();
}

RelaySide LookAtRelaySide(const ServerProcess& server, int socket) {
  constexpr std::string_view kEstablished = "01";
  const auto address = net::LocalAddress(socket);
  if (!address) return {};
  const std::string here = fmt::format("0100007F:{:04X}", server.address().port);
  const std::string there = fmt::format("0100007F:{:04X}", address->port);
  for (const char* path : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream fields(line);
      std::string number, local, remote, state, queues;
      fields >> number >> local >> remote >> state >> queues;
      if (!local.ends_with(here) || !remote.ends_with(there)) continue;
      RelaySide side{.closed = state != kEstablished};
      std::from_chars(queues.data(), queues.data() + queues.find(':'), side.held_bytes, 16);
      return side;
    }
  }
  return {};
}

void Reset(net::Fd socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

Bytes Frame(std::uint8_t type, std::size_t announced, std::size_t sent) {
  Bytes frame;
  wire::AppendHeader(frame, static_cast<wire::FrameType>(type),
                     static_cast<std::uint32_t>(announced));
  frame.resize(frame.size() + sent, 0x41);
  return frame;
}

Bytes Repeated(ByteView frame, std::size_t size) {
  Bytes frames;
  do {
    AppendBytes(frames, frame);
  } while (frames.size() + frame.size() <= size);
  return frames;
}

Bytes RandomBytes(std::size_t size) {
  Bytes bytes(size);
  SystemRandom().Fill(bytes);
  return bytes;
}

std::string Page(const ServerProcess& server, std::string_view path) {
  const Stream stream = DialTls(server);
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", path);
  Must(stream->Write(AsBytes(request), Soon()), "asking for a page");
  std::string text;
  Bytes buffer(kChunk);
  while (const auto count = stream->Read(buffer, Soon())) {
    text += AsText(ByteView(buffer).first(*count));
  }
  return text;
}

double MetricOf(std::string_view page, std::string_view name) {
  const std::string line = fmt::format("\n{} ", name);
  const std::size_t at = page.find(line);
  if (at == std::string_view::npos) return 0;
  return std::atof(std::string(page.substr(at + line.size(), 40)).c_str());
}

}  // namespace derp::test
