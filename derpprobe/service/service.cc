#include "derpprobe/service/service.h"

#include <charconv>
#include <csignal>
#include <utility>

#include "common/base/mutex.h"
#include "common/cli/flags.h"
#include "common/cli/version.h"
#include "common/diagnosis/worker_pool.h"
#include "common/http/server.h"
#include "common/net/event_loop.h"
#include "derpprobe/schedule/probe_table.h"
#include "derpprobe/service/board.h"
#include "derpprobe/service/chronicler.h"
#include "derpprobe/service/site.h"
#include "derpprobe/service/state_metrics.h"

namespace derp::probe {
namespace {

// "host:port" with Go's empty host, which is every interface of both families.
std::optional<SocketAddress> ParseListen(const std::string& listen) {
  const auto parts = SplitHostPort(listen);
  if (!parts) return std::nullopt;
  std::uint16_t port = 0;
  const std::string& text = parts->port;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const auto ip = IpAddress::Parse(parts->host.empty()          ? "::"
                                   : parts->host == "localhost" ? "127.0.0.1"
                                                                : parts->host);
  if (!ip) return std::nullopt;
  return SocketAddress{*ip, port};
}

// Whom alerts are told, and what is remembered.
struct Memory {
  std::unique_ptr<AlertDesk> desk;
  std::unique_ptr<Chronicler> chronicler;  // uses the desk
};

Expected<Memory, Error> MakeMemory(const ServiceOptions& options, const Prober& prober,
                                   Board& board, const Clock& clock, const Logger& logger) {
  Memory memory;
  auto desk = AlertDesk::Make(options.alerts, clock, logger);
  if (!desk) return Fail(desk.error());
  memory.desk = std::move(*desk);
  auto chronicler = Chronicler::Make({.state_dir = options.state_dir,
                                      .alert_rule = options.alert_rule,
                                      .round = [&prober] { return prober.round(); }},
                                     board, *memory.desk, clock, logger);
  if (!chronicler) return Fail(chronicler.error());
  memory.chronicler = std::move(*chronicler);
  return memory;
}

// Every source outlives the registry's use.
void AddSources(metrics::Registry& registry, ProbeTable& table, Prober& prober, Board& board,
                Memory& memory) {
  using Families = std::vector<metrics::Family>;
  registry.Add(metrics::ProcessSource("derpprobe", cli::Version()));
  registry.Add([&prober](Families& families) { prober.Collect(families); });
  registry.Add([&table](Families& families) { table.Collect(families); });
  registry.Add([&board](Families& families) { AddStateMetrics(*board.State(), families); });
  registry.Add([&memory](Families& families) {
    memory.desk->Collect(families);
    memory.chronicler->Collect(families);
  });
}

}  // namespace

int RunService(const ServiceOptions& options, Prober::LoadMap load_map,
               const diagnosis::WalkContext& context, const Clock& clock, const Logger& logger) {
  const auto address = ParseListen(options.listen);
  if (!address) {
    logger.Error("-listen: {} is no host:port with a literal host", options.listen);
    return 1;
  }
  auto access = http::DebugAccess::FromEnvironment(cli::ProcessEnvironment());
  if (!access) {
    logger.Error("{}", access.error().context);
    return 1;
  }
  net::EventLoop loop;
  diagnosis::Measurer measurer(context);
  Board board(clock, options.prober.intervals.mesh > Duration::zero());
  ProbeTable table;
  PairProber pairs(options.pairs, context, board, table, clock, logger);
  Prober prober(options.prober, std::move(load_map), measurer, board, table, clock, logger);
  prober.Feed(pairs);

  auto memory = MakeMemory(options, prober, board, clock, logger);
  if (!memory) {
    logger.Error("{}", memory.error().context);
    return 1;
  }
  metrics::Registry registry;
  AddSources(registry, table, prober, board, *memory);
  registry.Add([&pairs](std::vector<metrics::Family>& families) { pairs.Collect(families); });

  Mutex reloading;
  const auto reload = [&]() -> Expected<void, Error> {
    const MutexLock one_at_a_time(reloading);
    const auto intervals = options.reload();
    if (!intervals) {
      logger.Error("reload refused, everything stays as it was: {}", intervals.error().context);
      return Fail(intervals.error());
    }
    prober.SetIntervals(*intervals);
    (void)prober.RunNow(kMapProbe);
    logger.Info("reloaded");
    const std::string failure = board.State()->source.failure;
    if (failure.empty()) return {};
    return Fail(Error{.code = ErrorCode::kNotFound, .context = "derp map: " + failure});
  };
  Site site({board, prober, table, registry, context, clock, logger},
            {std::move(*access), options.prober.instance, options.probe_allow, reload});
  auto server = http::Server::Start(loop, *address,
                                    [&site](http::Request request, http::Responder responder) {
                                      site.Handle(std::move(request), std::move(responder));
                                    });
  if (!server) {
    logger.Error("-listen {}: {}", options.listen, server.error().context);
    return 1;
  }
  const net::SignalWatcher on_interrupt(loop, SIGINT, [&loop] { loop.Stop(); });
  const net::SignalWatcher on_terminate(loop, SIGTERM, [&loop] { loop.Stop(); });
  diagnosis::WorkerPool reloads(1);
  const net::SignalWatcher on_hangup(loop, SIGHUP, [&] {
    logger.Info("SIGHUP: reading configuration, mesh key and maps again");
    reloads.Post([&reload] { (void)reload(); });
  });
  logger.Info("listening on {}", (*server)->address().ToString());  // and heeding signals
  prober.Start();
  ProberWatchOptions watched = options.watch;
  watched.round = prober.round();
  const ProberWatch watch(std::move(watched), context, board);
  memory->chronicler->Start();
  loop.Run();
  logger.Info("stopping");
  prober.Stop();
  pairs.Stop();
  memory->chronicler->Stop();
  return 0;
}

}  // namespace derp::probe
