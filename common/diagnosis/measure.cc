#include "common/diagnosis/measure.h"

#include <atomic>
#include <map>

#include "common/base/mutex.h"
#include "common/diagnosis/node_parts.h"
#include "common/diagnosis/poll_loop.h"
#include "common/diagnosis/side_walk.h"
#include "common/diagnosis/walk_chain.h"
#include "common/diagnosis/worker_pool.h"

namespace derp::diagnosis {

namespace {

constexpr std::size_t kMostThreads = 64;  // architecture 5
constexpr std::size_t kMostLookups = 32;
constexpr std::size_t kMostHellos = 64;  // a TLS session takes some 50 kB

// The nodes of one region in one call: the last one done starts the mesh.
struct RegionRound {
  std::size_t left = 0;
  std::vector<std::pair<std::size_t, MeshMember>> members;  // with their place in the map
  std::vector<std::pair<std::size_t, IdleClient>> idle;     // to be held when the mesh is done
};

// One call of Start(), kept by its jobs.
struct Round {
  Mutex mutex;
  std::map<std::int64_t, RegionRound> regions DERP_GUARDED_BY(mutex);
  std::size_t left DERP_GUARDED_BY(mutex) = 0;  // regions
  std::vector<NodeReport> nodes DERP_GUARDED_BY(mutex);
  std::vector<MeshReport> meshes DERP_GUARDED_BY(mutex);
  bool mesh_asked = false;
  Measurer::OnNode on_node;
  Measurer::OnDone on_done;
};

// One node under way. Each field is written by one part (chain, one STUN family) and read once all
// parts are done; the counters order that.
struct NodeJob : NodeParts {
  std::size_t index = 0;
  std::shared_ptr<Round> round;
  TimePoint start;
  TimePoint deadline;
  ChainResult result;
  std::atomic<int> connects_left{1};
  std::atomic<int> handshakes_left{1};
  std::atomic<int> parts_left{1};
};

// Nothing but a time.
class DelayWaiter final : public Waiter {
 public:
  DelayWaiter(TimePoint until, std::function<void()> done)
      : until_(until), done_(std::move(done)) {}
  int fd() const override { return -1; }
  bool for_writing() const override { return false; }
  TimePoint wake() const override { return until_; }
  bool Step(bool) override {
    done_();
    return false;
  }

 private:
  TimePoint until_;
  std::function<void()> done_;
};

}  // namespace

struct Measurer::Impl {
  explicit Impl(const WalkContext& walk_context)
      : context(walk_context),
        loop(walk_context.clock),
        pool(kMostThreads),
        lookups(kMostLookups) {}

  using Job = std::shared_ptr<NodeJob>;

  void Schedule(const Job& job) {
    const bool asks_dns = !IpAddress::Parse(job->task.node.host_name);
    WorkerPool& where = asks_dns ? lookups : pool;  // a resolver that hangs is to delay names only
    const auto start = [this, job, &where] { where.Post([this, job] { StartNode(job); }); };
    if (job->task.delay > Duration::zero()) {
      loop.Add(std::make_unique<DelayWaiter>(context.clock.Now() + job->task.delay, start));
    } else {
      start();
    }
  }

  void StartNode(const Job& job) {
    job->start = context.clock.Now();
    job->deadline = job->start + context.caps.walk;
    Describe(*job);
    job->task.At(Stage::kDns);
    if (!job->task.map_error.empty()) {
      job->report.stages.push_back(
          {Stage::kMap, {}, Outcome::kFail, {}, job->task.map_error, {}, {}});
      job->recorder.NotReached(Stage::kDns, {}, Stage::kMap);
      NothingReached(*job, Stage::kMap);
      FinishNode(job);
      return;
    }
    std::vector<FamilyPlan> plans;
    if (!PlanFamilies(job->task.node, context, job->deadline, job->recorder, plans)) {
      NothingReached(*job, Stage::kDns);
      FinishNode(job);
      return;
    }
    job->task.At(Stage::kTcp);
    for (FamilyPlan& plan : plans) job->families.push_back({std::move(plan), {}, {}});
    job->stun.resize(job->families.size());
    StartStunParts(job);
    StartConnects(job);
  }

  void StartStunParts(const Job& job) {
    const auto port = job->task.node.EffectiveStunPort();
    if (!port || !job->task.asked.stun) return;
    for (std::size_t i = 0; i < job->families.size(); ++i) {
      const FamilyPlan& plan = job->families[i].plan;
      if (plan.addresses.empty()) continue;
      ++job->parts_left;
      const Duration cap = std::min(context.caps.stun, context.caps.walk);
      StartStun(loop, context.clock, context.random, {plan.addresses.front(), *port}, cap,
                [this, job, i](StunOutcome outcome) {
                  job->stun[i] = std::move(outcome);
                  PartDone(job);
                });
    }
  }

  void StartConnects(const Job& job) {
    const bool asked = job->task.asked.tls || job->task.asked.mesh;
    for (FamilyWalk& family : job->families) {
      if (family.plan.addresses.empty() || job->task.node.stun_only || !asked) continue;
      std::vector<SocketAddress> addresses;
      for (const IpAddress& ip : family.plan.addresses) {
        addresses.push_back({ip, job->task.node.EffectiveDerpPort()});
      }
      ++job->connects_left;
      const TimePoint until = std::min(job->deadline, context.clock.Now() + context.caps.tcp);
      StartTcp(loop, context.clock, std::move(addresses), until,
               [this, job, &family](TcpOutcome outcome) {
                 family.tcp = std::move(outcome);
                 ConnectDone(job);
               });
    }
    ConnectDone(job);
  }

  void ConnectDone(const Job& job) {
    if (--job->connects_left != 0) return;
    RecordTargets(*job);
    StartPort80Part(job);
    job->task.At(Stage::kTls);
    for (FamilyWalk& family : job->families) {
      if (!family.tcp.fd.valid()) continue;
      ++job->handshakes_left;
      const Duration left = Remaining(context.clock.Now(), job->deadline);
      StartTlsStage(engine, std::move(family.tcp.fd), family.tcp.address, job->task.node.host_name,
                    context, std::min(context.caps.tls, left), [this, job, &family](TlsStage tls) {
                      family.tls = std::move(tls);
                      if (--job->handshakes_left == 0) FinishChain(job);
                    });
    }
    if (--job->handshakes_left == 0) {
      pool.Post([this, job] { FinishChain(job); });
    }
  }

  // Beside the chain, by the way that has just shown to work.
  void StartPort80Part(const Job& job) {
    job->port80_reason = Port80Reason(job->task);
    if (!job->port80_reason.empty()) return;
    const auto address = Port80Address(job->families);
    if (!address) {
      job->port80_reason = "no family to connect by";
      return;
    }
    ++job->parts_left;
    const TimePoint until = std::min(job->deadline, context.clock.Now() + context.caps.tcp);
    StartPort80(loop, context.clock, context.random, {*address, context.web_port},
                job->task.node.host_name, until, [this, job](Port80Outcome outcome) {
                  job->port80 = std::move(outcome);
                  PartDone(job);
                });
  }

  // In a worker.
  void FinishChain(const Job& job) {
    Duration queued{};
    for (const FamilyWalk& family : job->families) queued = std::max(queued, family.tls.queued);
    job->deadline += queued;  // that this machine is busy is not the node's fault
    RunChain(job);
    // Connections that nobody will use are not kept until STUN is done.
    if (job->task.single_in_region) job->result.member.reset();
    if (job->task.asked.idle <= Duration::zero()) job->result.idle = {};
    job->task.At(Stage::kStun);  // what is still waited for
    if (--job->parts_left == 0) FinishParts(job);
  }

  void RunChain(const Job& job) {
    const bool asked = job->task.asked.tls || job->task.asked.mesh;
    if (job->task.node.stun_only || !asked) {
      const std::string_view reason = job->task.node.stun_only ? "STUNOnly" : "not asked for";
      for (const FamilyWalk& family : job->families) {
        SkipFrom(Stage::kTcp, family.plan.family, reason, job->recorder);
      }
      job->recorder.Skip(Stage::kRelay, {}, reason);
      SkipSide(job->task.asked, reason, job->recorder);
      return;
    }
    job->result = WalkChain(job->task, context, job->deadline, job->families, job->recorder);
  }

  // In the loop's thread.
  void PartDone(const Job& job) {
    if (--job->parts_left != 0) return;
    pool.PostFirst([this, job] { FinishParts(job); });  // its connections wait for nothing else
  }

  void FinishParts(const Job& job) {
    RecordStun(*job);
    RecordPort80(*job);
    FinishNode(job);
  }

  void FinishNode(const Job& job) {
    Round& round = *job->round;
    job->report.took = context.clock.Now() - job->start;
    RegionRound whole;
    {
      const MutexLock lock(round.mutex);
      NodeReport& report = round.nodes[job->index];
      report = std::move(job->report);
      if (round.on_node) round.on_node(report);
      RegionRound& region = round.regions[job->task.region_id];
      ChainResult& result = job->result;
      if (result.member) region.members.emplace_back(job->index, std::move(*result.member));
      if (result.idle.client && job->task.asked.idle > Duration::zero()) {
        region.idle.emplace_back(job->index, std::move(result.idle));
      }
      result = {};
      if (--region.left != 0) return;
      whole = std::move(region);
    }
    FinishRegion(job, std::move(whole));
  }

  void FinishRegion(const Job& job, RegionRound region) {
    std::sort(region.members.begin(), region.members.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<MeshMember> members;
    for (auto& [index, member] : region.members) members.push_back(std::move(member));
    if (members.size() > 1) {
      MeshReport mesh = CheckMesh(job->task.region, job->task.region_id, members, context);
      const MutexLock lock(job->round->mutex);
      job->round->meshes.push_back(std::move(mesh));
    }
    members.clear();
    if (region.idle.empty()) {
      RegionDone(job->round);
    } else {
      HoldIdle(job, std::move(region.idle));
    }
  }

  // After the mesh, whose connections would be cut as well.
  void HoldIdle(const Job& job, std::vector<std::pair<std::size_t, IdleClient>> clients) {
    const auto left = std::make_shared<std::atomic<std::size_t>>(clients.size());
    for (auto& [index, client] : clients) {
      StartIdle(loop, context.clock, std::move(client), job->task.asked.idle,
                [this, round = job->round, left, index = index](std::optional<Finding> finding) {
                  if (finding) RecordCut(*round, index, std::move(*finding));
                  if (--*left == 0) pool.Post([this, round] { RegionDone(round); });
                });
    }
  }

  static void RecordCut(Round& round, std::size_t index, Finding finding) {
    const MutexLock lock(round.mutex);
    NodeReport& node = round.nodes[index];
    for (StageResult& result : node.stages) {
      if (result.stage != Stage::kRelay) continue;
      result.outcome = Outcome::kFail;
      result.code = finding.code;
    }
    Recorder(node).Note(std::move(finding));
  }

  void RegionDone(const std::shared_ptr<Round>& round) {
    Measurement measured;
    {
      const MutexLock lock(round->mutex);
      if (--round->left != 0) return;
      measured.mesh_asked = round->mesh_asked;
      measured.nodes = std::move(round->nodes);
      measured.meshes = std::move(round->meshes);
    }
    round->on_done(std::move(measured));
  }

  const WalkContext& context;
  PollLoop loop;
  HelloGate gate{kMostHellos};
  WorkerPool pool;
  WorkerPool lookups;
  const Engine engine{context.clock, loop, pool, gate};
};

Measurer::Measurer(const WalkContext& context) : impl_(std::make_unique<Impl>(context)) {}

// The loop first: its thread posts to the pool. What the pool's last jobs add to it never runs.
Measurer::~Measurer() {
  impl_->loop.Stop();
  impl_->lookups.Abandon();
  impl_->pool.Abandon();
}

void Measurer::Start(std::vector<WalkTask> tasks, OnNode on_node, OnDone on_done) {
  const auto round = std::make_shared<Round>();
  round->on_node = std::move(on_node);
  round->on_done = std::move(on_done);
  {
    const MutexLock lock(round->mutex);
    round->nodes.resize(tasks.size());
    for (const WalkTask& task : tasks) {
      ++round->regions[task.region_id].left;
      round->mesh_asked = round->mesh_asked || task.asked.mesh;
    }
    round->left = round->regions.size();
  }
  if (tasks.empty()) impl_->pool.Post([round] { round->on_done({}); });
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    auto job = std::make_shared<NodeJob>();
    job->task = std::move(tasks[i]);
    job->index = i;
    job->round = round;
    impl_->Schedule(job);
  }
}

Measurement Measurer::Measure(std::vector<WalkTask> tasks, const OnNode& on_node) {
  Mutex mutex;
  CondVar finished;
  std::optional<Measurement> result;
  Start(std::move(tasks), on_node, [&](Measurement measured) {
    const MutexLock lock(mutex);
    result = std::move(measured);
    finished.NotifyAll();
  });
  const MutexLock lock(mutex);
  while (!result) finished.Wait(mutex);
  return std::move(*result);
}

}  // namespace derp::diagnosis
