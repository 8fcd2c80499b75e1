// What does not keep to TLS, and what TLS allows that is not welcome.
#include <csignal>
#include <poll.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kEach = 100;

Duration FloodTime(const Stage& stage) {
  return stage.thorough() ? std::chrono::seconds(5) : std::chrono::milliseconds(1500);
}

// Noise instead of a handshake, and a record of noise behind one.
void SendNoise(Stage& stage) {
  std::vector<Stream> streams;
  std::vector<net::Fd> plain;
  std::vector<int> sockets;
  const auto send_raw = [](int socket, const Bytes& bytes) {
    (void)send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  };
  Bytes record = RandomBytes(205);
  record[0] = 23;
  record[1] = record[2] = 3;
  record[3] = 0;
  record[4] = 200;
  for (std::size_t i = 0; i < kEach; ++i) {
    plain.push_back(DialSocket(stage.server()));
    Bytes noise = RandomBytes(1000);
    noise[0] = 0xff;  // no record type that TLS knows
    send_raw(plain.back().get(), noise);
    streams.push_back(DialTls(stage.server()));
    send_raw(streams.back()->fd(), record);
    streams.push_back(DialTls(stage.server()));
    send_raw(streams.back()->fd(), Bytes(20, 0xff));
    sockets.push_back(plain.back().get());
    sockets.push_back(streams[2 * i]->fd());
    sockets.push_back(streams[2 * i + 1]->fd());
  }
  const std::size_t closed = AwaitClosed(sockets, After(std::chrono::seconds(3)));
  stage.Note("closed", static_cast<double>(closed), "");
  stage.Claim(closed == sockets.size(), "all are closed at once");
}

// OpenSSL's client, for what ours does not do. Writing to a closed socket raises a signal, which
// is to be ignored.
class RawTls {
 public:
  RawTls(const ServerProcess& server, int version)
      : socket_(DialSocket(server)), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_, version);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_.get());
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~RawTls() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  RawTls(const RawTls&) = delete;
  RawTls& operator=(const RawTls&) = delete;

  SSL* ssl() { return ssl_; }
  int fd() const { return socket_.get(); }
  bool connected() const { return connected_; }

 private:
  net::Fd socket_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
};

// TLS 1.2 lets a client ask for a new handshake at any time.
void Renegotiate(Stage& stage) {
  std::signal(SIGPIPE, SIG_IGN);
  const TimePoint end = After(FloodTime(stage));
  double asked = 0;
  double granted = 0;
  while (SystemClock().Now() < end) {
    RawTls client(stage.server(), TLS1_2_VERSION);
    if (!client.connected()) break;
    ++asked;
    if (SSL_renegotiate(client.ssl()) == 1 && SSL_do_handshake(client.ssl()) == 1) ++granted;
  }
  stage.Note("asked", asked, "");
  stage.Note("granted", granted, "");
  stage.Claim(asked > 0 && granted == 0, "no handshake is begun anew");
}

// TLS 1.3 lets a client ask for new keys at any time; each has to be answered. Who is closed comes
// back.
void UpdateKeys(Stage& stage) {
  std::signal(SIGPIPE, SIG_IGN);
  const TimePoint end = After(FloodTime(stage));
  double updates = 0;
  double closed = 0;
  while (SystemClock().Now() < end) {
    RawTls client(stage.server(), TLS1_3_VERSION);
    if (!client.connected()) break;
    bool open = true;
    while (open && SystemClock().Now() < end) {
      open = SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1 &&
             SSL_do_handshake(client.ssl()) == 1;
      ++updates;
      Bytes answers(4096);
      while (recv(client.fd(), answers.data(), answers.size(), MSG_DONTWAIT) > 0) {
      }
    }
    if (!open) ++closed;
  }
  stage.Note("key updates", updates, "");
  stage.Note("closed", closed, "");
  stage.Claim(closed > 0, "who asks too often is closed");
}

}  // namespace

std::vector<Attack> TlsGarbage() {
  return {{.name = "tls-noise",
           .sentence = "noise instead of a handshake and behind one",
           .run = SendNoise,
           .memory_kib = 16 * 1024},
          {.name = "tls-renegotiation",
           .sentence = "TLS 1.2 clients that ask for new handshakes",
           .run = Renegotiate},
          {.name = "tls-key-updates",
           .sentence = "a TLS 1.3 client that asks for new keys without end",
           .run = UpdateKeys}};
}

}  // namespace derp::test
