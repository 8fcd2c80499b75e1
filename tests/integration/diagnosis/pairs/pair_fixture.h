// Measurements of pairs over real relays on loopback, one at a time and waited for.
#pragma once

#include <future>

#include "common/diagnosis/pairs/pair_engine.h"
#include "tests/integration/derper/relay_fixture.h"
#include "tests/support/fake_resolver.h"

namespace derp::test {

class PairFixture {
 public:
  PairFixture() : context(diagnosis::MakeWalkContext(clock, random, resolver)) {}

  static derpmap::Node Node(const RelayFixture& relay, std::string name) {
    derpmap::Node node;
    node.name = std::move(name);
    node.host_name = "127.0.0.1";
    node.ipv6 = "none";
    node.derp_port = relay.tls_address().port;
    const auto chain = net::ParsePemChain(relay.certificate_pem());
    REQUIRE(chain);
    node.cert_name = "sha256-raw:" + chain->front().Sha256Hex();
    return node;
  }

  static diagnosis::PairTask Task(derpmap::Node from, derpmap::Node to) {
    diagnosis::PairTask task;
    task.region = "lab";
    task.region_id = 1;
    task.from = std::move(from);
    task.to = std::move(to);
    return task;
  }

  // The context must be as it is meant to be by now.
  diagnosis::PairEngine& engine() {
    if (!engine_) engine_ = std::make_unique<diagnosis::PairEngine>(context);
    return *engine_;
  }

  diagnosis::TransferReport Transfer(const diagnosis::PairTask& task,
                                     const diagnosis::TransferAsked& asked) {
    auto promise = std::make_shared<std::promise<diagnosis::TransferReport>>();
    engine().Transfer(task, asked, {}, [promise](diagnosis::TransferReport report) {
      promise->set_value(std::move(report));
    });
    return promise->get_future().get();
  }

  diagnosis::QueueReport Queue(const diagnosis::PairTask& task, const diagnosis::QueueAsked& asked,
                               Duration duration) {
    auto promise = std::make_shared<std::promise<diagnosis::QueueReport>>();
    engine().MeasureQueue(task, asked, duration, [promise](diagnosis::QueueReport report) {
      promise->set_value(std::move(report));
    });
    return promise->get_future().get();
  }

  SystemClock clock;
  SystemRandom random;
  FakeResolver resolver{{{"relay.test", {*IpAddress::Parse("127.0.0.1")}}}};
  diagnosis::WalkContext context;

 private:
  std::unique_ptr<diagnosis::PairEngine> engine_;
};

}  // namespace derp::test
