// Frames of sizes that make no sense.
#include <initializer_list>
#include <poll.h>

#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr std::size_t kChunk = 32 * 1024;
constexpr std::uint32_t kFourGigabytes = 0xffffffff;

Duration FloodTime(const Stage& stage) {
  return stage.thorough() ? std::chrono::seconds(5) : std::chrono::milliseconds(1500);
}

// Five bytes each, as many as go.
void SendEmptyFrames(Stage& stage) {
  Client client(stage.server());
  const Bytes chunk = Repeated(Frame(0x77, 0, 0), kChunk);
  const TimePoint end = After(FloodTime(stage));
  double frames = 0;
  bool open = true;
  while (open && SystemClock().Now() < end) {
    open = client.Write(chunk);
    frames += static_cast<double>(chunk.size()) / 5;
  }
  stage.Note("frames", frames, "");
  stage.Claim(open && client.RoundTrip(), "the client is kept");
}

// An unknown frame of 4 GiB streams past; what is known is refused on its header.
void SendOversizedFrames(Stage& stage) {
  Client patient(stage.server());
  patient.Write(Frame(0x77, kFourGigabytes, 0));
  const Bytes chunk(kChunk, 0x41);
  const TimePoint end = After(FloodTime(stage));
  double bytes = 0;
  while (SystemClock().Now() < end && patient.Write(chunk)) bytes += kChunk;
  stage.Note("of one frame", bytes / 1e6, "MB");
  std::size_t closed = 0;
  std::size_t sent = 0;
  for (int i = 0; i < 20; ++i) {
    for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0x04, 0x07, 0x12}) {
      Client client(stage.server());
      client.Write(Frame(type, kFourGigabytes, 1000));
      closed += AwaitClosed({client.fd()}, After(std::chrono::seconds(2)));
      ++sent;
    }
  }
  stage.Note("closed", static_cast<double>(closed), "");
  stage.Claim(closed == sent, "a known frame that is too long ends its sender");
}

// All but the last byte of the largest frame that is taken.
void SendUnfinishedFrames(Stage& stage) {
  const auto clients = LogInMany(stage.server(), 200);
  for (const auto& client : clients) client->Write(Frame(0x04, 65568, 65567));
  poll(nullptr, 0, 500);
  stage.Claim(clients.back()->Drain(), "they are kept");
}

// ClientInfo of 256 KiB, all but a byte: strangers share a fixed amount of memory.
void SendLargeLogins(Stage& stage) {
  std::vector<Stream> streams;
  std::vector<int> sockets;
  const Bytes frame = Frame(0x02, 262144, 262143);
  for (int i = 0; i < 250; ++i) {
    streams.push_back(DialUpgraded(stage.server()));
    sockets.push_back(streams.back()->fd());
    (void)streams.back()->Write(frame, After(std::chrono::seconds(1)));
  }
  const std::size_t closed = AwaitClosed(sockets, After(std::chrono::milliseconds(500)));
  stage.Note("closed", static_cast<double>(closed), "");
  stage.Claim(closed > 0 && closed < streams.size(),
              "who comes when the memory is used up is closed");
}

void SendLoginOfNoSize(Stage& stage) {
  std::size_t closed = 0;
  for (int i = 0; i < 50; ++i) {
    const Stream stream = DialUpgraded(stage.server());
    (void)stream->Write(Frame(0x02, i % 2 == 0 ? 0 : kFourGigabytes, 0), Soon());
    closed += AwaitClosed({stream->fd()}, After(std::chrono::seconds(2)));
  }
  stage.Note("closed", static_cast<double>(closed), "");
  stage.Claim(closed == 50, "each is closed");
}

}  // namespace

std::vector<Attack> OddFrames() {
  return {{.name = "frames-empty", .sentence = "frames of no length", .run = SendEmptyFrames},
          {.name = "frames-oversized",
           .sentence = "frames of 4 GiB, known and unknown",
           .run = SendOversizedFrames},
          {.name = "frames-unfinished",
           .sentence = "200 clients that send all but the last byte of the largest packet",
           .run = SendUnfinishedFrames,
           .memory_kib = 40 * 1024},
          {.name = "logins-large",
           .sentence = "250 strangers that send all but the last byte of a ClientInfo of 256 KiB",
           .run = SendLargeLogins,
           .memory_kib = 56 * 1024},
          {.name = "logins-odd",
           .sentence = "ClientInfo of no length and of 4 GiB",
           .run = SendLoginOfNoSize}};
}

}  // namespace derp::test
