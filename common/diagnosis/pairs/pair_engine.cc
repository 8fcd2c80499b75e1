#include "common/diagnosis/pairs/pair_engine.h"

#include <utility>

#include "common/base/mutex.h"

namespace derp::diagnosis {

namespace {

constexpr std::size_t kMostResolvers = 8;

}  // namespace

PairEngine::PairEngine(const WalkContext& context)
    : context_(context),
      resolvers_(kMostResolvers),
      host_{context, loop_, resolvers_},
      payloads_(context.random),
      thread_([this] { loop_.Run(); }) {}

PairEngine::~PairEngine() {
  loop_.Stop();
  thread_.join();
  runs_.clear();
}

PairEngine::Ticket PairEngine::Enter(std::function<void(Ticket)> begin) {
  const Ticket ticket = ++last_ticket_;
  loop_.Post([begin = std::move(begin), ticket] { begin(ticket); });
  return ticket;
}

PairEngine::Ticket PairEngine::Transfer(PairTask task, TransferAsked asked,
                                        std::function<void()> started, TransferDone done) {
  Waiting waiting{std::move(task), std::move(asked), std::move(started), std::move(done)};
  return Enter([this, waiting = std::move(waiting)](Ticket ticket) {
    if (std::string obstacle = KeyObstacle(waiting.task, context_); !obstacle.empty()) {
      TransferReport report = DescribeTransfer(waiting.task, waiting.asked);
      report.skipped = std::move(obstacle);
      waiting.done(std::move(report));
      return;
    }
    gate_.Add(ticket, waiting.task, waiting.asked.tun.has_value());
    waiting_.emplace(ticket, waiting);
    StartTransfers();
  });
}

void PairEngine::StartTransfers() {
  while (const auto ticket = gate_.Next()) {
    auto waiting = waiting_.extract(*ticket);
    BeginTransfer(*ticket, std::move(waiting.mapped()));
  }
}

void PairEngine::BeginTransfer(Ticket ticket, Waiting waiting) {
  if (waiting.started) waiting.started();
  auto done = [this, ticket, told = std::move(waiting.done)](TransferReport report) {
    EndLater(ticket);
    told(std::move(report));
  };
  if (waiting.asked.tun) {
    auto run = std::make_unique<TunRun>(host_, waiting.task, waiting.asked, std::move(done));
    TunRun& started = *run;
    runs_[ticket] = std::move(run);
    started.Start();
  } else {
    auto run = std::make_unique<TransferRun>(host_, payloads_, waiting.task, waiting.asked,
                                             std::move(done));
    TransferRun& started = *run;
    runs_[ticket] = std::move(run);
    started.Start();
  }
}

PairEngine::Ticket PairEngine::MeasureQueue(PairTask task, QueueAsked asked, Duration duration,
                                            QueueDone done) {
  return Enter([this, task = std::move(task), asked, duration, done = std::move(done)](
                   Ticket ticket) { BeginQueue(ticket, task, asked, duration, done); });
}

void PairEngine::BeginQueue(Ticket ticket, const PairTask& task, const QueueAsked& asked,
                            Duration duration, QueueDone done) {
  if (std::string obstacle = KeyObstacle(task, context_); !obstacle.empty()) {
    QueueReport report = DescribeQueue(task);
    report.skipped = std::move(obstacle);
    return done(std::move(report));
  }
  auto run = std::make_unique<BoundedQueue>(host_, task, asked, duration,
                                            [this, ticket, told = std::move(done)](QueueReport r) {
                                              EndLater(ticket);
                                              told(std::move(r));
                                            });
  BoundedQueue& started = *run;
  runs_[ticket] = std::move(run);
  started.Start();
}

PairEngine::Ticket PairEngine::FollowQueue(PairTask task, QueueAsked asked, QueueStats& stats,
                                           QueueProbe::Events events) {
  return Enter(
      [this, task = std::move(task), asked, &stats, events = std::move(events)](Ticket ticket) {
        auto run = std::make_unique<QueueProbe>(host_, task, asked, stats, events);
        QueueProbe& started = *run;
        runs_[ticket] = std::move(run);
        started.Start();
      });
}

// A run tells its end from within its own callbacks.
void PairEngine::EndLater(Ticket ticket) {
  loop_.Post([this, ticket] { End(ticket); });
}

void PairEngine::End(Ticket ticket) {
  waiting_.erase(ticket);
  runs_.erase(ticket);
  gate_.Leave(ticket);
  StartTransfers();
}

void PairEngine::Cancel(Ticket ticket) {
  Mutex mutex;
  CondVar ended;
  bool gone = false;
  loop_.Post([&] {
    End(ticket);
    const MutexLock lock(mutex);
    gone = true;
    ended.NotifyAll();
  });
  const MutexLock lock(mutex);
  while (!gone) ended.Wait(mutex);
}

}  // namespace derp::diagnosis
