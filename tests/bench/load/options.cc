#include "tests/bench/load/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "common/base/defaults.h"
#include "common/base/text.h"
#include "common/cli/flags.h"
#include "common/cli/version.h"
#include "common/net/resolver.h"
#include "tests/bench/load/payload.h"

namespace derp::load {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kMostClients = 19'900;  // 20,000 descriptors for each process

// What the flags write into before it is judged.
struct Raw {
  std::string server;
  std::string mesh_server;
  std::string name;
  std::string pin;
  bool plain = false;
  std::string shape = "pairs";
  std::int64_t pairs = 10;
  std::int64_t groups = 1;
  std::string sizes = "1400";
  std::int64_t window = 16;
  std::int64_t burst = 0;
  std::int64_t threads = 1;
  std::int64_t connect_parallel = 32;
  std::int64_t slow_readers = 0;
  std::int64_t storm_parallel = 0;
  std::int64_t loris = 0;
  std::int64_t idle = 0;
  std::string server_pids;
  bool version = false;
  Options options;
};

void DeclareTraffic(cli::FlagSet& flags, Raw& raw) {
  Options& options = raw.options;
  flags.Text("shape", &raw.shape,
             "`pairs|fan-in|fan-out|mesh`; mesh sends every pair across two servers");
  flags.Int("pairs", &raw.pairs, "flows in all, each from one client to one other");
  flags.Int("groups", &raw.groups, "sinks of a fan-in, sources of a fan-out");
  flags.Bool("both-ways", &options.both_ways, "pairs and mesh: packets in both directions");
  flags.Text("size", &raw.sizes, "payload bytes; several, as in 40,600,1400, are taken in turn");
  flags.Int("window", &raw.window, "closed loop: packets outstanding in each flow");
  flags.Int("burst", &raw.burst,
            "frames of one source that leave in one write; 0 for all that is there to send");
  flags.Float("rate", &options.rate,
              "open loop: packets per second in all, sent on schedule; 0 for the closed loop");
  flags.DurationFlag("tick", &options.tick, "open loop: the least time between two wakings");
  flags.DurationFlag("warm-up", &options.warm_up, "time before the measurement");
  flags.DurationFlag("duration", &options.duration, "time of the measurement");
  flags.DurationFlag("drain", &options.drain, "time for the last packets to arrive");
  flags.Int("threads", &raw.threads, "threads that load");
  flags.Int("connect-parallel", &raw.connect_parallel, "logins under way at once at the start");
}

void DeclareOthers(cli::FlagSet& flags, Raw& raw) {
  Options& options = raw.options;
  flags.Int("slow-readers", &raw.slow_readers,
            "destinations that stop reading when traffic starts");
  flags.Float("slow-rate", &options.slow_rate,
              "bytes per second that a slow reader reads; 0: none");
  flags.Float("slow-packets", &options.slow_packets,
              "closed loop: packets per second to each slow reader");
  flags.Float("storm-rate", &options.storm_rate, "new clients per second beside the traffic");
  flags.Int("storm-parallel", &raw.storm_parallel,
            "instead: so many new clients logging in at any time, as fast as it goes");
  flags.Bool("storm-yields", &options.storm_yields,
             "they take only the time that nobody else wants, as if on another machine");
  flags.Int("loris", &raw.loris, "connections beside the traffic that send one byte at a time");
  flags.DurationFlag("loris-every", &options.loris_every, "time between these bytes");
  flags.Int("idle", &raw.idle, "hold so many idle clients instead of sending traffic");
  flags.DurationFlag("settle", &options.settle,
                     "idle: time from the last login to the measurement");
}

void DeclareServer(cli::FlagSet& flags, Raw& raw) {
  flags.Text("server", &raw.server, "`host:port` of the DERP server");
  flags.Text("mesh-server", &raw.mesh_server, "`host:port` of the other one, for -shape=mesh");
  flags.Bool("plain", &raw.plain, "clear text instead of TLS 1.3");
  flags.Text("name", &raw.name, "name for SNI and the Host header (default: the host of -server)");
  flags.Text("pin", &raw.pin,
             "SHA-256 of the certificate in hex; without it certificates are not looked at");
  flags.Text("server-pid", &raw.server_pids,
             "comma-separated process ids whose CPU time and memory are read");
  flags.Text("json", &raw.options.json, "write settings and figures to this `file`");
  flags.Text("label", &raw.options.label, "words for the record");
  flags.Bool("version", &raw.version, "print the version and exit");
}

Expected<Server, std::string> MakeServer(const Raw& raw, const std::string& text) {
  const auto parts = SplitHostPort(text);
  unsigned port = 0;
  if (!parts ||
      std::from_chars(parts->port.data(), parts->port.data() + parts->port.size(), port).ec !=
          std::errc() ||
      port == 0 || port > 65535) {
    return Fail(fmt::format("{:?} is no host:port", text));
  }
  net::SystemResolver resolver;
  const auto found =
      resolver.Resolve(parts->host, std::nullopt, SystemClock().Now() + kConnectTimeout);
  if (!found) return Fail(found.error().text);
  if (found->empty()) return Fail("no address for " + parts->host);
  std::string pin = raw.pin.starts_with("sha256-raw:") ? raw.pin.substr(11) : raw.pin;
  return Server{.address = {found->front(), static_cast<std::uint16_t>(port)},
                .host = raw.name.empty() ? parts->host : raw.name,
                .tls = !raw.plain,
                .burst = static_cast<std::size_t>(std::max<std::int64_t>(raw.burst, 0)),
                .pin = std::move(pin)};
}

// Whole numbers between commas; empty when one is not.
std::optional<std::vector<std::size_t>> Numbers(std::string_view text) {
  std::vector<std::size_t> numbers;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    std::size_t number = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (read.ec != std::errc() || read.ptr != word.data() + word.size()) return std::nullopt;
    numbers.push_back(number);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return numbers;
}

std::optional<Shape> ShapeOf(std::string_view name) {
  for (const Shape shape : {Shape::kPairs, Shape::kFanIn, Shape::kFanOut, Shape::kMesh}) {
    if (name == ShapeName(shape)) return shape;
  }
  return std::nullopt;
}

std::optional<std::string> TakeCounts(Raw& raw) {
  Options& options = raw.options;
  struct Count {
    std::string_view flag;
    std::int64_t given;
    std::int64_t least;
    std::int64_t most;
    std::size_t* target;
  };
  const Count counts[] = {
      {"pairs", raw.pairs, 1, kMostClients, &options.flows},
      {"groups", raw.groups, 1, kMostClients, &options.groups},
      {"window", raw.window, 1, 65536, &options.window},
      {"threads", raw.threads, 1, 256, &options.threads},
      {"connect-parallel", raw.connect_parallel, 1, 1000, &options.connect_parallel},
      {"slow-readers", raw.slow_readers, 0, raw.pairs, &options.slow_readers},
      {"storm-parallel", raw.storm_parallel, 0, 1000, &options.storm_parallel},
      {"loris", raw.loris, 0, kMostClients, &options.loris},
      {"idle", raw.idle, 0, kMostClients, &options.idle}};
  for (const Count& count : counts) {
    if (count.given < count.least || count.given > count.most) {
      return fmt::format("-{}: {} to {}", count.flag, count.least, count.most);
    }
    *count.target = static_cast<std::size_t>(count.given);
  }
  return std::nullopt;
}

std::optional<std::string> TakeTraffic(Raw& raw) {
  Options& options = raw.options;
  const auto shape = ShapeOf(raw.shape);
  if (!shape) return "-shape: pairs, fan-in, fan-out or mesh";
  options.shape = *shape;
  const auto sizes = Numbers(raw.sizes);
  if (!sizes || sizes->empty()) return "-size: numbers between commas";
  for (const std::size_t size : *sizes) {
    if (size < kLeastPayload || size > kMaxPacketSize) {
      return fmt::format("-size: {} to {}", kLeastPayload, kMaxPacketSize);
    }
  }
  options.sizes = *sizes;
  for (const double rate :
       {options.rate, options.storm_rate, options.slow_rate, options.slow_packets}) {
    if (!std::isfinite(rate) || rate < 0) return "rates are zero or more";
  }
  if (options.duration <= Duration::zero()) return "-duration: more than nothing";
  if (options.warm_up < Duration::zero() || options.loris_every <= Duration::zero()) {
    return "a time is negative";
  }
  if (options.groups > options.flows) return "-groups: at most as many as -pairs";
  const bool grouped = options.shape == Shape::kFanIn || options.shape == Shape::kFanOut;
  if (grouped && options.both_ways) return "-both-ways is for pairs and mesh";
  if (grouped && options.slow_readers > 0) return "-slow-readers is for pairs and mesh";
  return std::nullopt;
}

std::optional<std::string> Judge(Raw& raw) {
  Options& options = raw.options;
  if (auto problem = TakeCounts(raw)) return problem;
  if (auto problem = TakeTraffic(raw)) return problem;
  const auto pids = Numbers(raw.server_pids);
  if (!pids) return "-server-pid: numbers between commas";
  for (const std::size_t pid : *pids) options.server_pids.push_back(static_cast<int>(pid));
  if (raw.server.empty()) return "-server is needed";
  if ((options.shape == Shape::kMesh) == raw.mesh_server.empty()) {
    return "-mesh-server and -shape=mesh belong together";
  }
  for (const std::string& text : {raw.server, raw.mesh_server}) {
    if (text.empty()) continue;
    auto server = MakeServer(raw, text);
    if (!server) return server.error();
    options.servers.push_back(std::move(*server));
  }
  return std::nullopt;
}

}  // namespace

std::string_view ShapeName(Shape shape) {
  switch (shape) {
    case Shape::kPairs:
      return "pairs";
    case Shape::kFanIn:
      return "fan-in";
    case Shape::kFanOut:
      return "fan-out";
    case Shape::kMesh:
      return "mesh";
  }
  return "";
}

Expected<Parsed, Leave> ParseOptions(const std::string& program,
                                     const std::vector<std::string>& args) {
  Raw raw;
  Options& options = raw.options;
  options.tick = std::chrono::microseconds(50);
  options.warm_up = seconds(2);
  options.duration = seconds(10);
  options.drain = seconds(2);
  options.loris_every = seconds(1);
  options.settle = seconds(5);
  options.slow_packets = 1000;
  cli::FlagSet flags(program, "DERPLOAD_");
  DeclareServer(flags, raw);
  DeclareTraffic(flags, raw);
  DeclareOthers(flags, raw);
  const auto parsed = flags.Parse(args, {});
  if (parsed.action == cli::ParseResult::Action::kExit) {
    return Fail(Leave{parsed.exit_code, "", parsed.stderr_text});
  }
  if (raw.version) return Fail(Leave{0, cli::Version() + "\n", ""});
  if (auto problem = Judge(raw)) return Fail(Leave{2, "", "derpload: " + *problem + "\n"});
  Parsed result;
  for (const auto& flag : flags.InForce()) {
    if (!flag.values.empty()) result.flags[flag.name] = flag.values.front();
  }
  result.options = std::move(options);
  return result;
}

}  // namespace derp::load
