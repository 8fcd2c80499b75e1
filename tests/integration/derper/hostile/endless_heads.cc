// Requests whose head never ends.
#include <poll.h>

#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kClients = 100;
constexpr std::size_t kPiece = 16 * 1024;
constexpr std::size_t kHeadSize = 1024 * 1024;
constexpr int kHoldMs = 1000;

// Each sends a header line of 1 MiB, or as much of it as the relay takes, and waits.
void SendEndlessHeads(Stage& stage) {
  std::vector<Stream> streams;
  std::vector<int> sockets;
  const std::string start = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ";
  for (std::size_t i = 0; i < kClients; ++i) {
    streams.push_back(DialTls(stage.server()));
    sockets.push_back(streams.back()->fd());
    (void)streams.back()->Write(AsBytes(start), Soon());
  }
  const Bytes piece(kPiece, 'a');
  std::vector<bool> open(kClients, true);
  double taken = 0;
  for (std::size_t sent = 0; sent < kHeadSize; sent += kPiece) {
    for (std::size_t i = 0; i < kClients; ++i) {
      if (!open[i]) continue;
      open[i] = streams[i]->Write(piece, After(std::chrono::milliseconds(50))).has_value();
      if (open[i]) taken += kPiece;
    }
  }
  poll(nullptr, 0, kHoldMs);
  const std::size_t closed = AwaitClosed(sockets, After(std::chrono::milliseconds(500)));
  stage.Note("taken in all", taken / 1e6, "MB");
  stage.Note("closed", static_cast<double>(closed), "");
  stage.Claim(closed == kClients, "all are closed when their heads grow beyond 16 KiB");
}

// Just below the limit, and then silence.
void SendLongHeads(Stage& stage) {
  std::vector<Stream> streams;
  const std::string head = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + std::string(16'000, 'a');
  for (std::size_t i = 0; i < kClients; ++i) {
    streams.push_back(DialTls(stage.server()));
    (void)streams.back()->Write(AsBytes(head), Soon());
  }
  poll(nullptr, 0, kHoldMs);
}

// Clients that ask for pages and read none of them.
void AskAndNotRead(Stage& stage) {
  std::vector<std::unique_ptr<net::ByteStream>> streams;
  std::string questions;
  while (questions.size() < 8000)
    questions += "GET /debug/varz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  for (std::size_t i = 0; i < kClients; ++i) {
    streams.push_back(DialTls(stage.server(), 4096));
    (void)streams.back()->Write(AsBytes(questions), Soon());
  }
  poll(nullptr, 0, kHoldMs);
}

}  // namespace

std::vector<Attack> EndlessHeads() {
  return {{.name = "head-endless",
           .sentence = "100 clients send a header of 1 MiB and never end it",
           .run = SendEndlessHeads,
           .memory_kib = 12 * 1024},
          {.name = "head-long",
           .sentence = "100 clients send 16,000 bytes of a head and wait",
           .run = SendLongHeads,
           .memory_kib = 12 * 1024},
          {.name = "pages-unread",
           .sentence = "100 clients ask for pages without end and read none",
           .run = AskAndNotRead,
           .memory_kib = 48 * 1024}};
}

}  // namespace derp::test
