#include "common/diagnosis/stage_port80.h"

#include <array>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "common/base/hex.h"
#include "common/base/text.h"
#include "common/diagnosis/catalogue.h"
#include "common/diagnosis/http_question.h"
#include "common/diagnosis/units.h"
#include "common/net/byte_stream.h"
#include "common/net/sockets.h"

namespace derp::diagnosis {

namespace {

constexpr std::string_view kAdvice = "let derper serve port 80, or remove CanPort80 from the map";

class Port80Waiter final : public Waiter {
 public:
  Port80Waiter(net::Fd fd, const Clock& clock, Port80Outcome outcome, std::string host,
               std::string challenge, TimePoint start, TimePoint deadline,
               std::function<void(Port80Outcome)> done)
      : fd_(fd.get()),
        stream_(net::MakePlainStream(std::move(fd))),
        clock_(clock),
        outcome_(std::move(outcome)),
        host_(std::move(host)),
        challenge_(std::move(challenge)),
        start_(start),
        deadline_(deadline),
        done_(std::move(done)) {}

  int fd() const override { return fd_; }
  bool for_writing() const override { return !connected_; }
  TimePoint wake() const override { return deadline_; }

  bool Step(bool ready) override {
    if (!ready) {
      (connected_ ? outcome_.error : outcome_.connect_error) =
          connected_ ? Error{.code = ErrorCode::kTimeout, .context = "i/o timeout"}
                     : net::ConnectTimeout(outcome_.target);
      return Finish();
    }
    return connected_ ? Read() : Connected();
  }

 private:
  bool Finish() {
    outcome_.duration = clock_.Now() - start_;
    done_(std::move(outcome_));
    return false;
  }

  bool Connected() {
    const auto complete = net::CompleteConnect(fd_, outcome_.target);
    if (!complete) {
      outcome_.connect_error = complete.error();
      return Finish();
    }
    connected_ = true;
    const std::string request = fmt::format(
        "GET /generate_204 HTTP/1.1\r\nHost: {}\r\nX-Tailscale-Challenge: {}\r\n"
        "Connection: close\r\n\r\n",
        host_, challenge_);
    const auto written = stream_->Write(AsBytes(request), clock_.Now());
    if (written) return true;
    outcome_.error = written.error();
    return Finish();
  }

  bool Read() {
    std::array<std::uint8_t, 2048> chunk;
    const auto count = stream_->Read(chunk, clock_.Now());
    if (!count) {
      if (count.error().code == ErrorCode::kTimeout) return true;
      outcome_.error = count.error();
      return Finish();
    }
    AppendBytes(received_, ByteView(chunk).first(*count));
    ByteView input = received_;
    const auto head = http::TakeResponseHead(input);
    if (!head) {
      outcome_.error = Error{.code = ErrorCode::kProtocol, .context = "the answer is no HTTP"};
      return Finish();
    }
    if (!*head) return true;
    Take(**head);
    return Finish();
  }

  void Take(const http::ResponseHead& head) {
    outcome_.status = head.status;
    outcome_.location = PrintablePeerText(head.headers.Get("Location"));
    outcome_.described = DescribeHead(head);
    outcome_.echoed = head.headers.Get("X-Tailscale-Response") == "response " + challenge_;
    outcome_.clock_offset = ClockOffset(head, clock_.WallNow());
  }

  const int fd_;
  std::unique_ptr<net::ByteStream> stream_;
  const Clock& clock_;
  Port80Outcome outcome_;
  std::string host_;
  std::string challenge_;
  TimePoint start_;
  TimePoint deadline_;
  std::function<void(Port80Outcome)> done_;
  bool connected_ = false;
  Bytes received_;
};

std::string WhyClosed(const Port80Outcome& outcome) {
  const Error& error = *outcome.connect_error;
  if (error.code == ErrorCode::kTimeout) {
    return " silent for " + ShortDuration(outcome.duration);
  }
  if (error.code == ErrorCode::kRefused) return " refused after " + Milliseconds(outcome.duration);
  return ": " + (error.sys_errno != 0 ? ErrnoText(error.sys_errno) : error.context);
}

}  // namespace

void StartPort80(PollLoop& loop, const Clock& clock, RandomSource& random,
                 const SocketAddress& target, const std::string& host, TimePoint deadline,
                 std::function<void(Port80Outcome)> done) {
  Port80Outcome outcome;
  outcome.target = target;
  // A number nobody can have seen before, so that no cache answers.
  std::array<std::uint8_t, 8> nonce;
  random.Fill(nonce);
  const TimePoint start = clock.Now();
  auto fd = net::StartConnectTcp(target);
  if (!fd) {
    outcome.connect_error = fd.error();
    done(std::move(outcome));
    return;
  }
  loop.Add(std::make_unique<Port80Waiter>(std::move(*fd), clock, std::move(outcome), host,
                                          "derpprobe-" + EncodeHex(nonce), start, deadline,
                                          std::move(done)));
}

std::optional<Finding> JudgePort80(const Port80Outcome& outcome) {
  const std::string address = outcome.target.ToString();
  std::optional<Finding> finding;
  if (outcome.connect_error) {
    finding =
        MakeFinding("port80.closed", "the map says CanPort80, but port 80 is closed",
                    address + WhyClosed(outcome), "open port 80, or remove CanPort80 from the map");
    finding->data["error"] = outcome.connect_error->context;
  } else if (outcome.error) {
    const bool silent = outcome.error->code == ErrorCode::kTimeout;
    finding = MakeFinding("port80.not_204", "port 80 is open, but does not answer /generate_204",
                          silent ? fmt::format("{} connected, then no answer in {}", address,
                                               ShortDuration(outcome.duration))
                                 : fmt::format("{} connected: {}", address,
                                               PrintablePeerText(outcome.error->context)),
                          std::string(kAdvice));
  } else if (outcome.status != 204) {
    const std::string target = outcome.location.empty() ? "" : " to " + outcome.location;
    finding = MakeFinding("port80.not_204", "port 80 answers /generate_204 as a portal does",
                          fmt::format("{}: {}{}", address, outcome.described, target),
                          std::string(kAdvice));
    finding->data["status"] = std::int64_t{outcome.status};
    finding->data["answer"] = outcome.described + target;
  } else if (!outcome.echoed) {
    finding = MakeFinding("port80.no_challenge", "something else answers on port 80",
                          fmt::format("{}: {}, without the challenge", address, outcome.described),
                          std::string(kAdvice));
    finding->data["status"] = std::int64_t{outcome.status};
    finding->data["answer"] = outcome.described;
  }
  return finding;
}

}  // namespace derp::diagnosis
