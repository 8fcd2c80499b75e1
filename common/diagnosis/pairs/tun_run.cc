#include "common/diagnosis/pairs/tun_run.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "common/net/sockets.h"

namespace derp::diagnosis {

namespace {

constexpr std::size_t kChunk = 128 * 1024;
constexpr std::size_t kLargestPacket = 4096;  // above any the device's MTU lets out
constexpr int kPacketsPerTurn = 64;           // so that the relays' side is served as well

}  // namespace

TunRun::TunRun(LinkHost& host, const PairTask& task, const TransferAsked& asked, TransferDone done)
    : host_(host),
      asked_(asked),
      done_(std::move(done)),
      report_(DescribeTransfer(task, asked)),
      links_(host, task,
             {.ready = [this] { OpenDevice(); },
              .received = [this](ByteView packet) { WriteDevice(packet); },
              .failed = [this](Error error) { Finish(std::move(error)); }}),
      deadline_timer_(
          host.loop,
          [this] {
            std::string text =
                fmt::format("timeout: context deadline exceeded after {} of {} bytes",
                            report_.received, asked_.size);
            if (began_) text += LimitNote(links_.sender_info());
            Finish(links_.Named({.code = ErrorCode::kTimeout, .context = std::move(text)}));
          }),
      self_(std::make_shared<TunRun*>(this)) {}

TunRun::~TunRun() { *self_ = nullptr; }

void TunRun::Start() {
  started_ = host_.context.clock.Now();
  deadline_timer_.Start(asked_.timeout);
  links_.Start(asked_.timeout);
}

void TunRun::OpenDevice() {
  host_.resolvers.Post([self = self_, &loop = host_.loop, address = *asked_.tun] {
    auto ends = std::make_shared<Expected<TunEnds, Error>>(OpenTun(address));
    loop.Post([self, ends] {
      if (*self != nullptr) (*self)->OnDevice(*ends);
    });
  });
}

void TunRun::OnDevice(Expected<TunEnds, Error>& ends) {
  if (finished_) return;
  if (!ends) {
    report_.skipped = ends.error().context;
    report_.code = "prober.tun";
    return Finish(std::nullopt);
  }
  ends_ = std::move(*ends);
  chunk_.resize(kChunk);
  host_.context.random.Fill(chunk_);
  const auto watch = [this](const net::Fd& fd, auto callback) {
    return std::make_unique<net::IoWatcher>(host_.loop, fd.get(),
                                            [callback](net::IoEvents) { callback(); });
  };
  device_watcher_ = watch(ends_.device, [this] { ReadDevice(); });
  listen_watcher_ = watch(ends_.listener, [this] { AcceptReader(); });
  client_watcher_ = watch(ends_.client, [this] { OnClientWritable(); });
  device_watcher_->Want(true, false);
  listen_watcher_->Want(true, false);
  client_watcher_->Want(false, true);
}

void TunRun::ReadDevice() {
  std::array<std::uint8_t, kLargestPacket> packet;
  for (int i = 0; i < kPacketsPerTurn && !finished_; ++i) {
    const ssize_t count = ::read(ends_.device.get(), packet.data(), packet.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return Fails("reading from the TUN device", count < 0 ? errno : EIO);
    const auto bytes = ByteSpan(packet).first(static_cast<std::size_t>(count));
    // What the relay's limit forbids is lost, as on any line: TCP sends it again.
    if (TurnAround(bytes, {ends_.own, ends_.peer})) (void)links_.Send(bytes);
  }
}

void TunRun::WriteDevice(ByteView packet) {
  if (finished_ || !ends_.device.valid()) return;
  // A packet the kernel does not take is lost, as on any line.
  if (::write(ends_.device.get(), packet.data(), packet.size()) < 0) return;
}

void TunRun::AcceptReader() {
  auto accepted = net::Accept(ends_.listener.get(), {});
  if (finished_ || !accepted || !*accepted) return;
  reader_ = std::move((*accepted)->fd);
  listen_watcher_.reset();
  reader_watcher_ = std::make_unique<net::IoWatcher>(host_.loop, reader_.get(),
                                                     [this](net::IoEvents) { OnReader(); });
  reader_watcher_->Want(true, false);
}

void TunRun::OnClientWritable() {
  if (finished_) return;
  if (!began_) {
    const auto connected = net::CompleteConnect(ends_.client.get(), {ends_.peer, 0});
    if (!connected) return Finish(links_.Named(connected.error()));
    began_ = host_.context.clock.Now();
  }
  while (written_ < asked_.size) {
    const auto left = static_cast<std::size_t>(asked_.size - written_);
    const ssize_t count =
        ::send(ends_.client.get(), chunk_.data(), std::min(left, chunk_.size()), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) return Fails("writing over the TUN device", errno);
    written_ += count;
  }
  client_watcher_->Want(false, false);
}

void TunRun::OnReader() {
  std::array<std::uint8_t, 16 * 1024> buffer;
  while (!finished_) {
    const ssize_t count = ::recv(reader_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return Fails("reading over the TUN device", count < 0 ? errno : ECONNRESET);
    report_.received += count;
    if (report_.received >= asked_.size) Finish(std::nullopt);
  }
}

void TunRun::Fails(std::string_view doing, int error_number) {
  Finish(links_.Named(SystemError(doing, error_number)));
}

void TunRun::Finish(std::optional<Error> error) {
  if (std::exchange(finished_, true)) return;
  deadline_timer_.Stop();
  for (auto* watcher : {&device_watcher_, &listen_watcher_, &client_watcher_, &reader_watcher_}) {
    if (*watcher) (*watcher)->Want(false, false);
  }
  const TimePoint now = host_.context.clock.Now();
  report_.took = now - started_;
  if (began_) report_.transfer = now - *began_;
  if (error) {
    report_.error = error->context;
  } else if (report_.skipped.empty()) {
    const double seconds = std::max(std::chrono::duration<double>(report_.transfer).count(), 1e-9);
    report_.bits_per_second = static_cast<double>(report_.received) * 8 / seconds;
  }
  done_(std::move(report_));
}

}  // namespace derp::diagnosis
