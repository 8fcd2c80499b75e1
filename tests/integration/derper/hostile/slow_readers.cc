// Clients that stop reading, or crawl, while others send to them more than they take.
#include <algorithm>
#include <thread>

#include "common/net/sockets.h"
#include "tests/integration/derper/hostile/attacks.h"

namespace derp::test {
namespace {

constexpr int kSmallBuffer = 4096;
constexpr auto kSendEvery = std::chrono::milliseconds(2);
constexpr int kBurst = 8;  // packets of 1,000 bytes each time: 4 MB/s

// Sends time-stamped packets to a key until told to stop, or until the relay says that it is gone.
class Sender {
 public:
  Sender(Client& client, const NodePublic& to) : client_(client), to_(to) {
    thread_ = std::thread([this] { Run(); });
  }
  ~Sender() { Stop(); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  void AwaitGone(TimePoint deadline) {
    deadline_ = deadline;
    thread_.join();
  }
  bool told_gone() const { return told_gone_; }  // after the end

 private:
  void Run() {
    TimePoint due = clock_.Now();
    while (!stop_ && !told_gone_ && clock_.Now() < deadline_.load()) {
      for (int i = 0; i < kBurst; ++i) {
        Bytes packet;
        AppendU64Be(packet, static_cast<std::uint64_t>(clock_.Now().time_since_epoch().count()));
        packet.resize(1000);
        if (!client_.raw().Send(to_, packet, Soon())) return;
      }
      due = std::max(due + kSendEvery, clock_.Now());
      while (const auto message = client_.raw().Receive(due)) {
        const auto* gone = std::get_if<wire::PeerGone>(&*message);
        told_gone_ = told_gone_ || (gone != nullptr && gone->peer == to_);
      }
    }
  }

  const SystemClock clock_;
  Client& client_;
  const NodePublic to_;
  std::atomic<bool> stop_{false};
  std::atomic<TimePoint> deadline_{TimePoint::max()};
  bool told_gone_ = false;
  std::thread thread_;
};

// Stops reading from the start. The sender hears when the relay gives it up.
void StopReading(Stage& stage) {
  Client reader(stage.server(), {.receive_buffer = kSmallBuffer});
  Client writer(stage.server());
  // Who has had a packet of the reader is told when it leaves.
  (void)reader.raw().Send(writer.key(), Bytes(10, 1), Soon());
  reader.RoundTrip();
  writer.RoundTrip();
  const SystemClock clock;
  const TimePoint start = clock.Now();
  Sender sender(writer, reader.key());
  sender.AwaitGone(start + std::chrono::seconds(20));
  const double seconds = std::chrono::duration<double>(clock.Now() - start).count();
  stage.Note("given up after", seconds, "s");
  stage.Claim(sender.told_gone() && seconds < 6, "it is given up after the write time-out of 2 s");
}

// Reads 128 KB/s of the 4 MB/s that are sent to it.
void Crawl(Stage& stage) {
  Client reader(stage.server(), {.receive_buffer = kSmallBuffer});
  Client writer(stage.server());
  Sender sender(writer, reader.key());
  const SystemClock clock;
  const TimePoint start = clock.Now();
  const TimePoint end =
      start + (stage.thorough() ? std::chrono::seconds(15) : std::chrono::seconds(6));
  std::vector<double> ages_ms;
  std::size_t held = 0;
  bool open = true;
  constexpr auto kTurn = std::chrono::milliseconds(50);
  constexpr int kPacketsPerTurn = 6;
  for (TimePoint turn = start; open && turn < end; turn += kTurn) {
    for (int i = 0; open && i < kPacketsPerTurn;) {
      const auto message = reader.raw().Receive(Soon());
      open = message.has_value();
      const auto* packet = open ? std::get_if<wire::RecvPacket>(&*message) : nullptr;
      if (packet == nullptr) continue;
      ++i;
      ByteReader head(packet->packet);
      const TimePoint sent{Duration(static_cast<std::int64_t>(head.U64Be().value_or(0)))};
      ages_ms.push_back(std::chrono::duration<double, std::milli>(clock.Now() - sent).count());
    }
    held = std::max(held, LookAtRelaySide(stage.server(), reader.fd()).held_bytes);
    (void)net::WaitReadable(-1, turn + kTurn);
  }
  sender.Stop();
  std::sort(ages_ms.begin(), ages_ms.end());
  if (!ages_ms.empty()) {
    stage.Note("age of what it reads p50", ages_ms[ages_ms.size() / 2], "ms");
    stage.Note("p99", ages_ms[ages_ms.size() * 99 / 100], "ms");
    stage.Claim(ages_ms[ages_ms.size() / 2] < 3000, "what a crawler reads is fresh");
  }
  stage.Note("held by the kernel at most", static_cast<double>(held) / 1024, "KiB");
  stage.Claim(open, "a reader that crawls is kept");
  stage.Claim(held > 0 && held <= 192 * 1024, "the kernel holds little");
}

void ManyStopReading(Stage& stage) {
  const auto readers = LogInMany(stage.server(), 50, {.receive_buffer = kSmallBuffer});
  Client writer(stage.server());
  Bytes chunk;
  const Bytes packet(8000, 1);
  const TimePoint end = After(stage.thorough() ? std::chrono::seconds(6) : std::chrono::seconds(3));
  bool open = true;
  while (open && SystemClock().Now() < end) {
    for (const auto& reader : readers) {
      chunk.clear();
      wire::AppendSendPacket(chunk, reader->key(), packet);
      open = open && writer.Write(chunk);
    }
    open = open && writer.Drain();
  }
  stage.Claim(open, "who sends to them is kept");
}

}  // namespace

std::vector<Attack> SlowReaders() {
  return {{.name = "reader-stops",
           .sentence = "a client stops reading while 4 MB/s are sent to it",
           .run = StopReading},
          {.name = "reader-crawls",
           .sentence = "a client reads 120 kB/s of the 4 MB/s that are sent to it",
           .run = Crawl},
          {.name = "readers-stop",
           .sentence = "50 clients stop reading while others flood them",
           .run = ManyStopReading,
           .memory_kib = 64 * 1024}};
}

}  // namespace derp::test
