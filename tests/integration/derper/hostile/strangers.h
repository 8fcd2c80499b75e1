// The tools of hostile peers: sockets that go as far as asked towards a session, and a look at
// which of them the relay has closed. Failures to get there throw std::runtime_error.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/derp/blocking_client.h"
#include "common/net/byte_stream.h"
#include "tests/integration/derper/hostile/server_process.h"

namespace derp::test {

using Stream = std::unique_ptr<net::ByteStream>;

inline TimePoint After(Duration time) { return SystemClock().Now() + time; }
inline TimePoint Soon() { return After(std::chrono::seconds(20)); }

// A receive buffer of 0 is the system's.
net::Fd DialSocket(const ServerProcess& server, int receive_buffer = 0);
Stream DialTcp(const ServerProcess& server);
Stream DialTls(const ServerProcess& server, int receive_buffer = 0);
// With the 101 read; the greeting comes next.
Stream DialUpgraded(const ServerProcess& server);

struct LoginWish {
  std::optional<NodePrivate> key{};
  bool mesh = false;
  bool watch = false;
  int receive_buffer = 0;
};

// A client with a session of its own.
class Client {
 public:
  explicit Client(const ServerProcess& server, const LoginWish& wish = {});

  const NodePublic& key() const { return client_->key(); }
  net::ByteStream& stream() { return client_->stream(); }
  BlockingClient& raw() { return *client_; }
  int fd() { return stream().fd(); }

  // False when the relay has closed.
  bool Write(ByteView frames);
  // Reads what there is and forgets it. False when the relay has closed.
  bool Drain();
  // Pings and skips everything until the answer; false when the relay has closed.
  bool RoundTrip();

 private:
  SystemRandom random_;
  SystemClock clock_;
  std::unique_ptr<BlockingClient> client_;
};

std::vector<std::unique_ptr<Client>> LogInMany(const ServerProcess& server, std::size_t count,
                                               const LoginWish& wish = {});

// How many of the sockets the peer has ended by the deadline; returns at once when all are. What
// they still receive is thrown away.
std::size_t AwaitClosed(std::vector<int> sockets, TimePoint deadline);

// What the kernel holds of the relay's side of a connection, from /proc/net/tcp: what was written
// there and has not reached `socket`, and whether the relay has closed, which a peer that reads
// nothing cannot see.
struct RelaySide {
  std::size_t held_bytes = 0;
  bool closed = true;
};
RelaySide LookAtRelaySide(const ServerProcess& server, int socket);

// Ends the socket by a reset, so that no port waits.
void Reset(net::Fd socket);

// A frame of which `sent` bytes of payload follow the header.
Bytes Frame(std::uint8_t type, std::size_t announced, std::size_t sent);
// `frame` as often as fits in `size` bytes.
Bytes Repeated(ByteView frame, std::size_t size);

Bytes RandomBytes(std::size_t size);

// The body of a page that only our relay has; what a metric of it says, 0 where it is absent.
std::string Page(const ServerProcess& server, std::string_view path);
double MetricOf(std::string_view page, std::string_view name);

}  // namespace derp::test
