// relaylimit: the least a TLS relay can cost on this machine (README.md). Either measures the parts
// of a frame, or serves derpload's pairs with a relay loop that has nothing else to do.
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <sys/signalfd.h>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "common/cli/flags.h"
#include "common/net/sockets.h"
#include "tests/bench/limit/costs.h"
#include "tests/bench/limit/login.h"

namespace derp::limit {
namespace {

struct Settings {
  std::string address = "127.0.0.1:0";
  std::int64_t threads = 2;
  Duration gather{};
  bool plain = false;
  bool costs = false;
  std::string json;
};

int Fail(std::string_view text) {
  fmt::print(stderr, "relaylimit: {}\n", text);
  return 1;
}

int Save(const std::string& path, const std::string& text) {
  if (path.empty()) return 0;
  std::ofstream file(path);
  file << text << std::flush;
  return file ? 0 : Fail("cannot write " + path);
}

int PrintCosts(const Settings& settings) {
  fmt::print("microseconds per frame, TLS 1.3 AES-128-GCM, {}\n", OpenSSL_version(OPENSSL_VERSION));
  fmt::print("{:>8} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "payload", "per call", "recv",
             "SSL_read", "SSL_write", "send", "sum");
  std::string json;
  for (const Costs& cost : MeasureCosts()) {
    fmt::print("{:>8} {:>9} {:>8.3f} {:>8.3f} {:>9.3f} {:>8.3f} {:>8.3f}\n", cost.payload,
               cost.frames, cost.receive, cost.read, cost.write, cost.send, cost.sum());
    json += fmt::format(
        "{}{{\"payload\": {}, \"frames_per_call\": {}, \"recv_us\": {:.4f}, \"read_us\": {:.4f}, "
        "\"write_us\": {:.4f}, \"send_us\": {:.4f}}}",
        json.empty() ? "" : ",\n ", cost.payload, cost.frames, cost.receive, cost.read, cost.write,
        cost.send);
  }
  return Save(settings.json, "[" + json + "]\n");
}

int Serve(const Settings& settings, const SocketAddress& address, int stop_fd) {
  net::RaiseDescriptorLimit();
  auto listener = net::ListenTcp(address, {});
  if (!listener) return Fail(listener.error().context);
  const auto bound = net::LocalAddress(listener->get());
  if (!bound) return Fail(bound.error().context);
  const ContextPtr context = settings.plain ? nullptr : MakeServerContext();
  std::vector<std::unique_ptr<Loop>> loops;
  for (std::int64_t i = 0; i < settings.threads; ++i) {
    loops.push_back(std::make_unique<Loop>(settings.gather));
  }
  fmt::print("serving on {}\n", bound->ToString());
  std::fflush(stdout);
  Login(listener->get(), context.get(), loops).Run(stop_fd);
  LoopCounts sum;
  for (const auto& loop : loops) {
    loop->Stop();
    sum.frames += loop->counts().frames;
    sum.reads += loop->counts().reads;
    sum.sends += loop->counts().sends;
    sum.waits += loop->counts().waits;
    sum.dropped += loop->counts().dropped;
  }
  const std::string text = fmt::format(
      "{{\"frames\": {}, \"reads\": {}, \"sends\": {}, \"waits\": {}, \"dropped\": {}}}\n",
      sum.frames, sum.reads, sum.sends, sum.waits, sum.dropped);
  fmt::print("{}", text);
  return Save(settings.json, text);
}

int Main(const std::string& program, const std::vector<std::string>& args) {
  Settings settings;
  cli::FlagSet flags(program, "RELAYLIMIT_");
  flags.Text("a", &settings.address, "`host:port` to serve on");
  flags.Int("threads", &settings.threads, "relay loops, each a thread with pairs of its own");
  flags.DurationFlag(
      "gather", &settings.gather,
      "sleep so long after each turn: what waiting for more would give, not the bar");
  flags.Bool("plain", &settings.plain, "clear text instead of TLS 1.3");
  flags.Bool("costs", &settings.costs, "measure the parts of a frame, print them and exit");
  flags.Text("json", &settings.json, "write what is printed at the end to this `file`");
  const auto parsed = flags.Parse(args, {});
  if (parsed.action == cli::ParseResult::Action::kExit) {
    std::fputs(parsed.stderr_text.c_str(), stderr);
    return parsed.exit_code;
  }
  if (settings.threads < 1 || settings.threads > 256) return Fail("-threads: 1 to 256");
  if (settings.costs) return PrintCosts(settings);
  const auto address = SocketAddress::Parse(settings.address);
  if (!address) return Fail("-a: no host:port");
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  sigprocmask(SIG_BLOCK, &stops, nullptr);
  const net::Fd stop_fd(signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK));
  return Serve(settings, *address, stop_fd.get());
}

}  // namespace
}  // namespace derp::limit

int main(int argc, char** argv) {
  try {
    return derp::limit::Main(argc > 0 ? argv[0] : "relaylimit",
                             std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "relaylimit: %s\n", error.what());
    return 1;
  }
}
