// What transfers and steady streams between nodes say of them.
#include <catch2/catch.hpp>

#include "common/diagnosis/judgement.h"
#include "tests/support/node_reports.h"

using namespace derp;
using namespace derp::diagnosis;
using namespace derp::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

TransferReport Sent(const std::string& from, const std::string& to, double bits_per_second) {
  TransferReport transfer;
  transfer.region = "fra";
  transfer.region_id = 5;
  transfer.from = from;
  transfer.to = to;
  transfer.size = transfer.received = 1'000'000;
  transfer.took = 200ms;
  transfer.bits_per_second = bits_per_second;
  return transfer;
}

TransferReport Broken(const std::string& from, const std::string& to) {
  TransferReport transfer = Sent(from, to, 0);
  transfer.bits_per_second.reset();
  transfer.received = 65536;
  transfer.error = "timeout";
  return transfer;
}

QueueReport Stream(const std::string& from, const std::string& to, std::uint64_t received,
                   std::uint64_t lost, Duration p99 = 5ms) {
  QueueReport queue;
  queue.region = "fra";
  queue.region_id = 5;
  queue.from = from;
  queue.to = to;
  queue.received = received;
  queue.lost = lost;
  queue.p50 = 2ms;
  queue.p99 = p99;
  return queue;
}

Measurement TwoNodes() {
  Measurement measured;
  measured.nodes = {HealthyNode("5a", "192.0.2.1"), HealthyNode("5b", "192.0.2.2")};
  MeshReport mesh;
  mesh.region = "fra";
  mesh.region_id = 5;
  mesh.directions = {MeshPair("5a", "5b", true), MeshPair("5b", "5a", true)};
  measured.meshes = {mesh};
  measured.pairs.bandwidth = true;
  return measured;
}

const Finding* Find(const RunReport& report, std::string_view code) {
  for (const Finding& finding : report.findings) {
    if (finding.code == code) return &finding;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("nothing asked of pairs leaves no stage behind", "[diagnosis][pairs]") {
  Measurement measured = TwoNodes();
  measured.pairs = {};
  const RunReport report = Judge(std::move(measured));
  CHECK_FALSE(report.nodes[0].Worst(Stage::kBandwidth));
  CHECK_FALSE(report.nodes[0].Worst(Stage::kQueue));
}

TEST_CASE("transfers that arrive are ok, and the stage takes as long as the slowest",
          "[diagnosis][pairs]") {
  Measurement measured = TwoNodes();
  measured.transfers = {Sent("5a", "5a", 1e9), Sent("5a", "5b", 1e6)};
  measured.transfers[1].took = 3s;
  const RunReport report = Judge(std::move(measured));
  const StageResult* stage = report.nodes[0].Find(Stage::kBandwidth, {});
  REQUIRE(stage != nullptr);
  CHECK(stage->outcome == Outcome::kOk);
  CHECK(stage->duration == Duration(3s));
  CHECK(report.nodes[1].Find(Stage::kBandwidth, {})->reason == "not measured yet");
  CHECK(report.counts.usable == 2);
  CHECK(report.exit_status == 0);
}

TEST_CASE("transfers that fail are one finding of their sender, and it is impaired",
          "[diagnosis][pairs]") {
  Measurement measured = TwoNodes();
  measured.transfers = {Broken("5a", "5a"), Broken("5a", "5b"), Sent("5b", "5a", 1e6)};
  const RunReport report = Judge(std::move(measured));
  CHECK(report.counts.errors == 1);
  const Finding* finding = Find(report, "bandwidth.failed");
  REQUIRE(finding != nullptr);
  CHECK(finding->node == "5a");
  CHECK(finding->peers == std::vector<std::string>{"5b"});
  CHECK_THAT(finding->fact, Contains("65536 of 1000000 bytes"));
  CHECK(report.nodes[0].verdict == Verdict::kImpaired);
  CHECK(report.nodes[1].verdict == Verdict::kUsable);
  CHECK(report.transfers[0].outcome == Outcome::kFail);
  CHECK(report.transfers[0].code == "bandwidth.failed");
  CHECK(report.exit_status == 1);
}

TEST_CASE("a rate below -bw-min warns, and a failure beside it wins the stage",
          "[diagnosis][pairs]") {
  Measurement measured = TwoNodes();
  measured.pairs.bw_min = 50'000'000;
  measured.transfers = {Sent("5a", "5b", 8.2e6), Sent("5b", "5a", 60e6)};
  SECTION("alone") {
    const RunReport report = Judge(std::move(measured));
    CHECK(report.counts.warnings == 1);
    CHECK_THAT(Find(report, "bandwidth.low")->fact,
               Contains("8.2 Mbit/s") && Contains("50 Mbit/s"));
    CHECK(report.nodes[0].Worst(Stage::kBandwidth) == Outcome::kWarn);
  }
  SECTION("beside a failure") {
    measured.transfers.push_back(Broken("5a", "5a"));
    const RunReport report = Judge(std::move(measured));
    CHECK(Find(report, "bandwidth.low") == nullptr);
    const Finding* finding = Find(report, "bandwidth.failed");
    REQUIRE(finding != nullptr);
    CHECK(std::get<std::string>(finding->data.at("also")) == "bandwidth.low to 5b");
  }
}

TEST_CASE("what cannot pass at all is not reached, and no second error", "[diagnosis][pairs]") {
  Measurement measured = TwoNodes();
  measured.pairs.queue = true;
  SECTION("the receiver is down") {
    measured.nodes[1] = FailingNode("5b", "192.0.2.2", "tls.timeout");
    measured.meshes.clear();
    measured.transfers = {Sent("5a", "5a", 1e6), Broken("5a", "5b"), Broken("5b", "5a")};
    QueueReport dead = Stream("5b", "5a", 0, 0);
    dead.error = "connection refused";
    measured.queues = {dead};
    const RunReport report = Judge(std::move(measured));
    CHECK(report.counts.errors == 1);
    CHECK(Find(report, "tls.timeout") != nullptr);
    CHECK(report.nodes[0].Worst(Stage::kBandwidth) == Outcome::kOk);
    const StageResult* stage = report.nodes[1].Find(Stage::kBandwidth, {});
    CHECK(stage->outcome == Outcome::kNotReached);
    CHECK(stage->after == Stage::kTls);
    CHECK(report.nodes[1].Find(Stage::kQueue, {})->after == Stage::kTls);
    CHECK(report.queues[0].outcome == Outcome::kNotReached);
  }
  SECTION("the mesh does not carry the direction") {
    measured.meshes[0].directions[0] = MeshPair("5a", "5b", false);
    measured.transfers = {Broken("5a", "5b"), Sent("5b", "5a", 1e6)};
    const RunReport report = Judge(std::move(measured));
    CHECK(report.counts.errors == 1);
    CHECK(Find(report, "mesh.one_way") != nullptr);
    CHECK(report.nodes[0].Find(Stage::kBandwidth, {})->after == Stage::kMesh);
  }
}

TEST_CASE("the prober's own lack of a TUN device is said once and blames no node",
          "[diagnosis][pairs]") {
  Measurement measured = TwoNodes();
  for (const auto& [from, to] : {std::pair("5a", "5b"), std::pair("5b", "5a")}) {
    TransferReport transfer = Broken(from, to);
    transfer.error.clear();
    transfer.skipped = "/dev/net/tun is missing";
    transfer.code = "prober.tun";
    measured.transfers.push_back(transfer);
  }
  const RunReport report = Judge(std::move(measured));
  CHECK(report.counts.errors == 1);
  CHECK(Find(report, "prober.tun")->fact == "/dev/net/tun is missing");
  CHECK(report.counts.usable == 2);
  CHECK(report.nodes[0].Find(Stage::kBandwidth, {})->reason == "/dev/net/tun is missing");
  CHECK(report.exit_status == 1);
}

TEST_CASE("streams are judged by end, delay and loss, in this order", "[diagnosis][pairs]") {
  Measurement measured = TwoNodes();
  measured.pairs = {.queue = true, .qd_max = 100ms};
  SECTION("healthy at exactly one percent") {
    measured.queues = {Stream("5a", "5b", 99, 1)};
    const RunReport report = Judge(std::move(measured));
    CHECK(report.nodes[0].Worst(Stage::kQueue) == Outcome::kOk);
    CHECK(report.counts.warnings == 0);
  }
  SECTION("loss above it") {
    measured.queues = {Stream("5a", "5b", 980, 20)};
    const RunReport report = Judge(std::move(measured));
    CHECK_THAT(Find(report, "queue.loss")->fact, Contains("20 of 1000 packets lost (2.0 %)"));
    CHECK(report.queues[0].outcome == Outcome::kWarn);
  }
  SECTION("delay wins over loss") {
    measured.queues = {Stream("5a", "5b", 980, 20), Stream("5a", "5a", 1000, 0, 150ms)};
    const RunReport report = Judge(std::move(measured));
    CHECK(Find(report, "queue.loss") == nullptr);
    const Finding* finding = Find(report, "queue.delay");
    REQUIRE(finding != nullptr);
    CHECK(finding->peers.empty());
    CHECK(finding->data.contains("also"));
  }
  SECTION("a stream that ended") {
    QueueReport ended = Stream("5a", "5b", 10, 0);
    ended.error = "connection closed by the relay";
    measured.queues = {ended};
    const RunReport report = Judge(std::move(measured));
    CHECK(Find(report, "queue.failed") != nullptr);
    CHECK(report.exit_status == 1);
  }
  SECTION("no packet yet") {
    measured.queues = {Stream("5a", "5b", 0, 0)};
    const RunReport report = Judge(std::move(measured));
    CHECK(report.nodes[0].Find(Stage::kQueue, {})->reason == "no packet yet");
  }
}
