#include "derpprobe/service/pair_prober.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "derpprobe/schedule/spread.h"

namespace derp::probe {
namespace {

using diagnosis::PairTask;
using diagnosis::QueueReport;
using diagnosis::TransferReport;

constexpr std::size_t kThreads = 1;  // its tasks only start what the engine does
constexpr std::string_view kQueueTask = "queue reports";
constexpr auto kQueueRound = std::chrono::seconds(15);
constexpr auto kFirstQueueRound = std::chrono::seconds(3);

bool SameKey(const std::optional<MeshKey>& a, const std::optional<MeshKey>& b) {
  return a.has_value() == b.has_value() && (!a || a->ConstantTimeEquals(*b));
}

bool SameTask(const PairTask& a, const PairTask& b) {
  return a.region == b.region && a.region_id == b.region_id && a.from == b.from && a.to == b.to &&
         SameKey(a.mesh_key, b.mesh_key);
}

metrics::Labels AllLabels(const ProbeSpec& spec) {
  metrics::Labels labels = spec.labels;
  labels.emplace_back("class", spec.probe_class);
  labels.emplace_back("name", spec.name);
  std::sort(labels.begin(), labels.end());
  return labels;
}

}  // namespace

PairProber::PairProber(PairProberOptions options, const diagnosis::WalkContext& context,
                       Board& board, ProbeTable& table, const Clock& clock, const Logger& logger)
    : options_(std::move(options)),
      context_(context),
      board_(board),
      table_(table),
      clock_(clock),
      logger_(logger),
      runner_(clock, kThreads) {
  runner_.Add(std::string(kQueueTask), clock_.Now() + kFirstQueueRound, kQueueRound,
              [this](const TaskRunner::Done& done) {
                PublishQueues();
                done();
              });
}

PairProber::~PairProber() { Stop(); }

void PairProber::Stop() {
  runner_.Stop();
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  run_ended_.NotifyAll();
}

PairProber::Pairs PairProber::Wanted(const derpmap::DerpMap& map,
                                     const ClassIntervals& intervals) const {
  if (!intervals.asks_bandwidth() && !intervals.asks_queue()) return {};
  ClassIntervals own = intervals;
  own.tls = own.stun = own.mesh = Duration::zero();
  std::map<std::string, ProbeSpec, std::less<>> specs;
  for (ProbeSpec& spec : ProbesOf(map, own)) specs[spec.name] = std::move(spec);
  Pairs wanted;
  for (const PairTask& task : diagnosis::PairsOf(map, options_.mesh_key_rule)) {
    for (const std::string_view rest : {"bw", "qd"}) {
      const auto spec = specs.find(PairProbeName(task.region, task.from.name, task.to.name, rest));
      if (spec == specs.end()) continue;
      auto pair = std::make_shared<Pair>();
      pair->spec = spec->second;
      pair->task = task;
      pair->labels = AllLabels(pair->spec);
      wanted[spec->first] = std::move(pair);
    }
  }
  return wanted;
}

void PairProber::SetMap(const derpmap::DerpMap& map, const ClassIntervals& intervals) {
  board_.AskPairs({.bandwidth = intervals.asks_bandwidth(),
                   .queue = intervals.asks_queue(),
                   .bw_min = options_.bw_min,
                   .qd_max = options_.qd_max});
  Pairs wanted = Wanted(map, intervals);
  std::vector<std::shared_ptr<Pair>> gone;
  std::vector<std::shared_ptr<Pair>> added;
  {
    const MutexLock lock(mutex_);
    if (stopped_) return;
    intervals_ = intervals;
    if (!engine_ && !wanted.empty()) engine_ = std::make_unique<diagnosis::PairEngine>(context_);
    for (auto it = pairs_.begin(); it != pairs_.end();) {
      const auto now = wanted.find(it->first);
      const bool kept = now != wanted.end() && now->second->spec == it->second->spec &&
                        SameTask(now->second->task, it->second->task);
      if (!kept) gone.push_back(it->second);
      it = kept ? std::next(it) : pairs_.erase(it);
    }
    for (auto& [name, pair] : wanted) {
      if (pairs_.try_emplace(name, pair).second) added.push_back(pair);
    }
  }
  run_ended_.NotifyAll();
  for (const auto& pair : gone) {
    if (!pair->spec.is_continuous()) runner_.Remove(pair->spec.name);
    std::optional<Ticket> ticket;
    {
      const MutexLock lock(mutex_);
      ticket = pair->ticket;
    }
    if (ticket) engine_->Cancel(*ticket);
    table_.Abandon(pair->spec.name);  // if it is still there, with a run that never ends now
  }
  for (const auto& pair : added) {
    pair->spec.is_continuous() ? AddQueue(pair) : AddBandwidth(pair);
  }
}

void PairProber::AddBandwidth(const std::shared_ptr<Pair>& pair) {
  const ProbeSpec& spec = pair->spec;
  const Duration delay =
      options_.spread ? SpreadDelay(options_.instance, spec.name, spec.interval) : Duration::zero();
  runner_.Add(spec.name, clock_.Now() + delay, spec.interval,
              [this, name = spec.name](const TaskRunner::Done& done) {
                (void)StartTransfer(name);
                done();
              });
}

// False when there is no such probe; a run under way is left alone.
bool PairProber::StartTransfer(const std::string& name) {
  const MutexLock lock(mutex_);
  const auto found = pairs_.find(name);
  if (stopped_ || found == pairs_.end() || found->second->spec.is_continuous()) return false;
  const std::shared_ptr<Pair>& pair = found->second;
  if (pair->ticket) return true;
  const diagnosis::TransferAsked asked{.size = intervals_.bandwidth_size,
                                       .timeout = pair->spec.interval * 4 / 5,
                                       .tun = options_.tun};
  // The engine's thread waits for the mutex, and so finds the ticket noted.
  pair->ticket = engine_->Transfer(
      pair->task, asked, [this, name] { table_.Begin(name, clock_.WallNow()); },
      [this, pair](TransferReport report) { EndTransfer(*pair, std::move(report)); });
  return true;
}

void PairProber::EndTransfer(Pair& pair, TransferReport report) {
  const std::string& name = pair.spec.name;
  if (!report.skipped.empty()) {
    table_.Abandon(name);
    logger_.Info("probe {} not run: {}", name, report.skipped);
  } else {
    const bool ok = report.error.empty();
    if (!ok) logger_.Info("probe {}: {}", name, report.error);
    table_.End(name, clock_.WallNow(), {ok, report.took, report.error});
  }
  {
    const MutexLock lock(mutex_);
    pair.ticket.reset();
    ++pair.runs;
    pair.transfer_seconds += std::chrono::duration<double>(report.transfer).count();
    pair.bytes += report.received;
  }
  run_ended_.NotifyAll();
  board_.PublishTransfer(std::move(report));
}

void PairProber::AddQueue(const std::shared_ptr<Pair>& pair) {
  const std::string& name = pair->spec.name;
  const std::string obstacle = diagnosis::KeyObstacle(pair->task, context_);
  if (!obstacle.empty()) {
    logger_.Info("probe {} not run: {}", name, obstacle);
    QueueReport report = diagnosis::DescribeQueue(pair->task);
    report.skipped = obstacle;
    board_.PublishQueue(std::move(report));
    return;
  }
  const MutexLock lock(mutex_);
  if (stopped_) return;
  const diagnosis::QueueAsked asked{intervals_.queue_per_second, options_.packet_timeout};
  pair->stats = std::make_unique<diagnosis::QueueStats>();
  // The cancelled ticket's callbacks are over before the pair may go: SetMap() sees to that.
  Pair* raw = pair.get();
  pair->ticket = engine_->FollowQueue(
      pair->task, asked, *pair->stats,
      {.starting = [this, name] { table_.Begin(name, clock_.WallNow()); },
       .ready = {},
       .healthy =
           [this, raw] {
             table_.Healthy(raw->spec.name, clock_.WallNow());
             const MutexLock inner(mutex_);
             raw->error.clear();
           },
       .ended = [this, raw](const Error& error,
                            Duration took) { EndQueueRun(*raw, error, took); }});
}

void PairProber::EndQueueRun(Pair& pair, const Error& error, Duration took) {
  const std::string& name = pair.spec.name;
  logger_.Info("probe {}: {}", name, error.context);
  table_.End(name, clock_.WallNow(), {false, took, error.context});
  QueueReport report = diagnosis::DescribeQueue(pair.task);
  {
    const MutexLock lock(mutex_);
    pair.error = error.context;
    pair.stats->Describe(report);
  }
  report.error = error.context;
  board_.PublishQueue(std::move(report));
}

void PairProber::PublishQueues() {
  std::vector<QueueReport> reports;
  {
    const MutexLock lock(mutex_);
    for (const auto& [name, pair] : pairs_) {
      if (!pair->stats) continue;
      QueueReport report = diagnosis::DescribeQueue(pair->task);
      pair->stats->Describe(report);
      pair->stats->NextSlice();
      report.error = pair->error;
      if (report.error.empty() && report.received > 0) table_.Healthy(name, clock_.WallNow());
      reports.push_back(std::move(report));
    }
  }
  for (QueueReport& report : reports) board_.PublishQueue(std::move(report));
}

std::optional<ProbeInfo> PairProber::RunNow(const std::string& name) {
  // A run that is under way began before this was asked: it is waited for, not counted.
  const auto wait = [this, &name] {
    const MutexLock lock(mutex_);
    for (;;) {
      const auto found = pairs_.find(name);
      if (stopped_ || found == pairs_.end()) return false;
      if (!found->second->ticket) return true;
      run_ended_.Wait(mutex_);
    }
  };
  {
    const MutexLock lock(mutex_);
    const auto found = pairs_.find(name);
    if (found == pairs_.end() || found->second->spec.is_continuous()) return std::nullopt;
  }
  if (!wait() || !StartTransfer(name) || !wait()) return std::nullopt;
  return table_.Info(name);
}

void PairProber::Collect(std::vector<metrics::Family>& families) const {
  using metrics::Kind;
  metrics::Family size{
      "derpprobe_derp_bw_probe_size_bytes", Kind::kGauge, "Bytes of one bandwidth probe.", {}};
  metrics::Family time{"derpprobe_derp_bw_transfer_time_seconds_total",
                       Kind::kCounter,
                       "Time spent in transfers, connecting excluded.",
                       {}};
  metrics::Family bytes{"derpprobe_derp_bw_bytes_total",
                        Kind::kCounter,
                        "Bytes that arrived, those of failed transfers included.",
                        {}};
  metrics::Family dropped{"derpprobe_derp_qd_probe_dropped_packets",
                          Kind::kCounter,
                          "Packets that did not arrive in time.",
                          {}};
  metrics::Family delays{"derpprobe_derp_qd_probe_delays_seconds",
                         Kind::kHistogram,
                         "Time from sending a packet to its arrival.",
                         {}};
  const MutexLock lock(mutex_);
  for (const auto& [name, pair] : pairs_) {
    if (pair->runs > 0) {
      const auto bw_size = static_cast<double>(intervals_.bandwidth_size);
      size.samples.push_back({pair->labels, bw_size, {}});
      time.samples.push_back({pair->labels, pair->transfer_seconds, {}});
      bytes.samples.push_back({pair->labels, static_cast<double>(pair->bytes), {}});
    }
    if (!pair->stats) continue;
    const auto totals = pair->stats->totals();
    dropped.samples.push_back({pair->labels, static_cast<double>(totals.dropped), {}});
    delays.samples.push_back({pair->labels,
                              0,
                              {.buckets = totals.delays.buckets(),
                               .count = totals.delays.count(),
                               .sum = totals.delays.sum()}});
  }
  for (metrics::Family* family : {&size, &time, &bytes, &dropped, &delays}) {
    if (!family->samples.empty()) families.push_back(std::move(*family));
  }
}

}  // namespace derp::probe
