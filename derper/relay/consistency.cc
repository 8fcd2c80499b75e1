#include "derper/relay/consistency.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "derper/relay/relay_state.h"
#include "derper/relay/worker.h"

namespace derp::relay {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);

std::size_t CountMissing(const std::vector<WorkerFacts::Member>& from,
                         const std::vector<WorkerFacts::Member>& in) {
  std::vector<WorkerFacts::Member> missing;
  std::set_difference(from.begin(), from.end(), in.begin(), in.end(), std::back_inserter(missing));
  return missing.size();
}

}  // namespace

std::vector<std::string> FindContradictions(WorkerFacts facts) {
  std::vector<std::string> problems;
  std::sort(facts.sessions.begin(), facts.sessions.end());
  std::sort(facts.registered.begin(), facts.registered.end());
  const auto note = [&](std::string text) {
    problems.push_back(fmt::format("worker {}: {}", facts.worker, text));
  };
  if (const std::size_t count = CountMissing(facts.registered, facts.sessions); count > 0) {
    note(fmt::format("{} registered connections are not there", count));
  }
  if (const std::size_t count = CountMissing(facts.sessions, facts.registered); count > 0) {
    note(fmt::format("{} connections are not registered", count));
  }
  const auto compare = [&](std::string_view gauge, std::int64_t value, std::int64_t counted) {
    if (value != counted) note(fmt::format("gauge {} = {} != {} counted", gauge, value, counted));
  };
  compare("current_connections", facts.connections_gauge,
          static_cast<std::int64_t>(facts.sessions.size()));
  compare("current_home_connections", facts.homes_gauge, facts.homes);
  return problems;
}

struct ConsistencyChecks::Round {
  Round(std::size_t workers, Done when_done, net::EventLoop& loop, std::function<void()> late)
      : answers(workers), done(std::move(when_done)), timer(loop, std::move(late)) {}
  std::vector<std::optional<std::vector<std::string>>> answers;  // by worker
  Done done;
  net::Timer timer;
};

ConsistencyChecks::ConsistencyChecks(RelayState& state)
    : state_(state), alive_(std::make_shared<ConsistencyChecks*>(this)) {}

ConsistencyChecks::~ConsistencyChecks() = default;

void ConsistencyChecks::Run(Done done) {
  const std::uint64_t id = next_id_++;
  const std::size_t workers = state_.workers.size();
  auto round =
      std::make_unique<Round>(workers, std::move(done), state_.control, [this, id] { Finish(id); });
  round->timer.Start(kPatience);
  rounds_.emplace(id, std::move(round));
  for (std::size_t i = 0; i < workers; ++i) {
    state_.workers[i]->Audit([weak = std::weak_ptr(alive_), &control = state_.control, id,
                              i](std::vector<std::string> problems) {
      control.Post([weak, id, i, found = std::move(problems)] {
        if (const auto checks = weak.lock()) (*checks)->TakeAnswer(id, i, found);
      });
    });
  }
}

void ConsistencyChecks::TakeAnswer(std::uint64_t id, std::size_t worker,
                                   std::vector<std::string> problems) {
  const auto round = rounds_.find(id);
  if (round == rounds_.end()) return;
  auto& answers = round->second->answers;
  answers[worker] = std::move(problems);
  const bool all = std::all_of(answers.begin(), answers.end(),
                               [](const auto& answer) { return answer.has_value(); });
  if (all) Finish(id);
}

void ConsistencyChecks::Finish(std::uint64_t id) {
  const auto round = std::move(rounds_.extract(id).mapped());
  std::vector<std::string> problems = state_.registry.Recount();
  for (std::size_t i = 0; i < round->answers.size(); ++i) {
    const auto& answer = round->answers[i];
    if (answer) {
      problems.insert(problems.end(), answer->begin(), answer->end());
    } else {
      problems.push_back(fmt::format("worker {}: no answer within {} s", i, kPatience.count()));
    }
  }
  round->done(std::move(problems));
}

}  // namespace derp::relay
