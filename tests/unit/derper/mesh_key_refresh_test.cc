#include "derper/mesh_key_refresh.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"

namespace derp::relay {
namespace {

MeshKey Key(char digit) { return *MeshKey::Parse(std::string(64, digit)); }

// A secrets server whose answers are given beforehand, and what was told.
struct Fixture {
  const test::FakeClock clock;
  std::shared_ptr<MeshKeys> keys = std::make_shared<MeshKeys>(Key('a'), clock);
  Mutex mutex;
  CondVar changed;
  std::deque<std::optional<MeshKey>> answers;  // the last one stays
  std::vector<std::string> told;
  std::unique_ptr<MeshKeyRefresh> refresh;

  void Start(Duration interval, std::deque<std::optional<MeshKey>> given) {
    answers = std::move(given);
    refresh = std::make_unique<MeshKeyRefresh>(
        keys,
        MeshKeyRefresh::Settings{.where = "it",
                                 .read = [this](const std::function<bool()>&) { return Answer(); },
                                 .interval = interval,
                                 .tell = [this](const auto& outcome) { Tell(outcome); }});
  }
  Expected<MeshKey, Error> Answer() {
    const MutexLock lock(mutex);
    const auto answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    changed.NotifyAll();
    if (!answer) return Fail(Error{.code = ErrorCode::kRefused, .context = "away"});
    return *answer;
  }
  void Tell(const Expected<std::string, Error>& outcome) {
    const MutexLock lock(mutex);
    told.push_back(outcome ? *outcome : "error: " + outcome.error().context);
    changed.NotifyAll();
  }
  std::vector<std::string> WaitForTold(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const MutexLock lock(mutex);
    while (told.size() < count && changed.WaitUntil(mutex, deadline)) {
    }
    return told;
  }
};

using Lines = std::vector<std::string>;
constexpr const char* kTaken = "it taken; the old key is accepted for 10 more minutes";

TEST_CASE("the mesh key is asked for again by itself; news are told", "[derper][mesh]") {
  Fixture f;
  f.Start(std::chrono::milliseconds(1), {Key('a'), std::nullopt, std::nullopt, Key('b'), Key('b')});
  CHECK(f.WaitForTold(2) == Lines{"error: away", kTaken});
  f.refresh.reset();
  CHECK(f.told.size() == 2);
  CHECK(f.keys->Current().ConstantTimeEquals(Key('b')));
  CHECK(f.keys->Accepts(Key('a')));
}

TEST_CASE("who asks for the mesh key gets each outcome", "[derper][mesh]") {
  Fixture f;
  f.Start(std::chrono::hours(1), {Key('a'), std::nullopt, std::nullopt, Key('b')});
  for (std::size_t i = 1; i <= 4; ++i) {
    f.refresh->AskNow();
    REQUIRE(f.WaitForTold(i).size() == i);
  }
  CHECK(f.told == Lines{"it unchanged", "error: away", "error: away", kTaken});
}

TEST_CASE("a read that takes long learns that it is not wanted any more", "[derper][mesh]") {
  Fixture f;
  std::atomic<bool> reading = false;
  MeshKeyRefresh refresh(
      f.keys, {.where = "it",
               .read = [&](const std::function<bool()>& cancelled) -> Expected<MeshKey, Error> {
                 reading = true;
                 while (!cancelled()) std::this_thread::yield();
                 return Key('b');
               },
               .interval = std::chrono::hours(1),
               .tell = [&](const auto& outcome) { f.Tell(outcome); }});
  refresh.AskNow();
  while (!reading) std::this_thread::yield();
  refresh.BeginStop();
  CHECK(f.keys->Current().ConstantTimeEquals(Key('a')));
}

}  // namespace
}  // namespace derp::relay
