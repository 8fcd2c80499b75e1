#include "derpprobe/alerts/command_sink.h"

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "common/base/text.h"
#include "tests/support/temporary_directory.h"

namespace derp {

using probe::CommandSink;

namespace {

struct Fixture {
  test::TemporaryDirectory directory;
  SystemClock clock;

  // A script that finds its own directory in $DIR.
  std::string Script(const std::string& text, mode_t mode = 0700) {
    const std::string path = directory / "command";
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    chmod(path.c_str(), mode);
    return path;
  }
  Expected<void, probe::AlertFailure> Deliver(const std::string& script, const std::string& json,
                                              Duration time = std::chrono::seconds(20)) {
    auto sink = CommandSink::Make(Script(script),
                                  {{"DIR", directory.path()}, {"PATH", "/usr/bin:/bin"}}, clock);
    REQUIRE(sink);
    return sink->Deliver(json, clock.Now() + time);
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(directory / name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
};

// A zombie of somebody else answers no signal any more.
bool IsAlive(const std::string& process) {
  std::ifstream status("/proc/" + process + "/stat");
  std::string line;
  std::getline(status, line);
  return !line.empty() && line.find(") Z ") == std::string::npos &&
         line.find(") X ") == std::string::npos;
}

}  // namespace

TEST_CASE("the command gets the event on its standard input", "[alerts]") {
  Fixture fixture;
  REQUIRE(fixture.Deliver("cat > $DIR/out; echo $# > $DIR/arguments", R"({"a":1})"));
  CHECK(fixture.Read("out") == "{\"a\":1}\n");
  CHECK(fixture.Read("arguments") == "0\n");
}

TEST_CASE("an event larger than a pipe reaches the command whole", "[alerts]") {
  Fixture fixture;
  const std::string large(1'000'000, 'x');
  REQUIRE(fixture.Deliver("wc -c > $DIR/out", large));
  CHECK(fixture.Read("out") == "1000001\n");
}

TEST_CASE("a command that reads nothing is no failure", "[alerts]") {
  Fixture fixture;
  CHECK(fixture.Deliver("exit 0", std::string(1'000'000, 'x')));
}

TEST_CASE("the command sees no descriptor but the first three and no other environment",
          "[alerts]") {
  Fixture fixture;
  int open_here[2];
  REQUIRE(pipe(open_here) == 0);  // without close-on-exec, as a careless library would
  struct stat info{};
  REQUIRE(fstat(open_here[0], &info) == 0);
  REQUIRE(fixture.Deliver("ls -l /proc/$$/fd > $DIR/fds; env > $DIR/env", "{}"));
  close(open_here[0]);
  close(open_here[1]);
  CHECK(fixture.Read("fds").find("pipe:[" + std::to_string(info.st_ino) + "]") ==
        std::string::npos);
  CHECK(fixture.Read("env").find("HOME=") == std::string::npos);
}

TEST_CASE("an exit status is told and not tried again", "[alerts]") {
  Fixture fixture;
  const auto done = fixture.Deliver("exit 3", "{}");
  REQUIRE_FALSE(done);
  CHECK(done.error().error.context == fixture.directory / "command" + ": exit status 3");
  CHECK_FALSE(done.error().worth_retrying);
}

TEST_CASE("a command that hangs is killed with what it started", "[alerts]") {
  Fixture fixture;
  const auto done = fixture.Deliver("sleep 1000 & echo $! > $DIR/child; wait", "{}",
                                    std::chrono::milliseconds(500));
  REQUIRE_FALSE(done);
  CHECK(done.error().error.context.find("killed after") != std::string::npos);
  const std::string child(TrimSpace(fixture.Read("child")));
  // The signal is on its way when Deliver() returns; the system may take a moment to act on it.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (IsAlive(child) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK_FALSE(IsAlive(child));
}

TEST_CASE("what is no executable file is refused at the start", "[alerts]") {
  Fixture fixture;
  const auto make = [&](const std::string& path) {
    return CommandSink::Make(path, {}, fixture.clock);
  };
  CHECK(make("/nonexistent/command").error().context ==
        "-alert-command /nonexistent/command: no such file or directory");
  CHECK(make(fixture.directory.path()).error().context.find("not an executable file") !=
        std::string::npos);
}

TEST_CASE("a command that cannot be started any more is a failure", "[alerts]") {
  Fixture fixture;
  auto sink = CommandSink::Make(fixture.Script("exit 0"), {}, fixture.clock);
  REQUIRE(sink);
  REQUIRE(unlink((fixture.directory / "command").c_str()) == 0);
  const auto done = sink->Deliver("{}", fixture.clock.Now() + std::chrono::seconds(20));
  REQUIRE_FALSE(done);
  CHECK(done.error().error.context.find("no such file") != std::string::npos);
}

}  // namespace derp
