#include "tests/bench/load/storm.h"

#include <algorithm>
#include <sched.h>

namespace derp::load {
namespace {

constexpr std::size_t kMostAtOnce = 1000;
constexpr auto kPatience = std::chrono::seconds(30);
constexpr auto kLookEvery = std::chrono::seconds(1);
constexpr auto kWait = std::chrono::milliseconds(5);

// This thread runs while a core has nothing else to do (sched(7)).
void TakeWhatIsLeft() {
  const sched_param normal{};
  (void)sched_setscheduler(0, SCHED_IDLE, &normal);
}

}  // namespace

void Storm::Run(const std::atomic<bool>& stop) {
  MakeTimersSharp();
  if (options_.storm_yields) TakeWhatIsLeft();
  const TimePoint start = SystemClock().Now();
  if (options_.storm_rate > 0) schedule_.emplace(options_.storm_rate, start);
  TimePoint now = start;
  TimePoint next_look = start;
  while (!stop.load()) {
    StartDue(now);
    tools_.FlushAll();
    const Duration wait = schedule_ ? std::min<Duration>(kWait, schedule_->Next() - now) : kWait;
    for (const epoll_event& event : tools_.poller.Wait(wait)) {
      Connection& connection = *visits_[event.data.u64].connection;
      connection.OnEvents(event);
      if (connection.ready() || connection.broken()) ended_.push_back(event.data.u64);
    }
    now = SystemClock().Now();
    Reap(now);
    if (now < next_look) continue;
    next_look = now + kLookEvery;
    GiveUpOld(now);
  }
  figures_.seconds = std::chrono::duration<double>(now - start).count();
}

void Storm::StartDue(TimePoint now) {
  const auto under_way = [this] { return visits_.size() - free_.size(); };
  if (!schedule_) {
    while (under_way() < options_.storm_parallel) Start(now);
    return;
  }
  while (const auto due = schedule_->Take(now)) {
    if (under_way() < kMostAtOnce) {
      Start(*due);
    } else {
      ++figures_.left_out;
    }
  }
}

void Storm::Start(TimePoint due) {
  std::size_t place = visits_.size();
  if (free_.empty()) {
    visits_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  Visit& visit = visits_[place];
  visit.due = due;
  visit.connection = std::make_unique<Connection>(tools_, options_.servers.front(), place, nullptr);
  visit.connection->Start();
  ++figures_.started;
  if (visit.connection->broken()) ended_.push_back(place);
}

void Storm::GiveUpOld(TimePoint now) {
  for (std::size_t place = 0; place < visits_.size(); ++place) {
    const Visit& visit = visits_[place];
    if (visit.connection && !visit.connection->ready() && !visit.connection->broken() &&
        now - visit.due > kPatience) {
      ended_.push_back(place);
    }
  }
}

void Storm::Reap(TimePoint now) {
  for (const std::size_t place : ended_) {
    Visit& visit = visits_[place];
    if (visit.connection->ready()) {
      ++figures_.logged_in;
      figures_.login.Record(static_cast<std::uint64_t>((now - visit.due).count()));
    } else {
      ++figures_.failed;
      if (figures_.first_failure.empty()) {
        figures_.first_failure =
            visit.connection->broken() ? visit.connection->error().context : "no login for 30 s";
      }
    }
    visit.connection.reset();
    free_.push_back(place);
  }
  ended_.clear();
}

}  // namespace derp::load
