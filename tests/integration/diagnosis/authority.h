// A certificate authority on loopback: issues certificates and serves what they name, its list of
// revoked ones and its own certificate.
#pragma once

#include <atomic>
#include <string>

#include "tests/integration/diagnosis/faulty_relay.h"
#include "tests/integration/diagnosis/walk_fixture.h"

namespace derp::test {

class Authority {
 public:
  struct Names {
    std::string root = "Test Root";
    std::string intermediate = "Test Authority";
  };
  explicit Authority(Names names);
  Authority() : Authority(Names()) {}

  struct Wish {
    std::string name = "relay.test";
    Duration begins = -std::chrono::hours(1);  // from now
    Duration ends = std::chrono::hours(1);
    bool with_list = true;
    bool with_issuer_url = true;
  };
  net::Certificate Issue(const net::PrivateKey& key, const Wish& wish) const;
  // A relay's TLS with `leaf` and, when `whole`, the intermediate.
  TestTls Tls(const net::Certificate& leaf, const net::PrivateKey& key, bool whole) const;
  // What a client that trusts the root trusts.
  std::shared_ptr<const net::RootStore> Roots() const;

  // From now on the list says so. Without a call there is none (404).
  void Publish(const std::vector<net::Certificate>& revoked,
               Duration next_update = std::chrono::hours(1));
  int list_requests() const { return list_requests_; }
  const net::Certificate& intermediate() const { return intermediate_; }

 private:
  void Serve(net::Fd fd);

  net::PrivateKey root_key_ = net::PrivateKey::GenerateP256();
  net::PrivateKey key_ = net::PrivateKey::GenerateP256();
  net::Certificate root_;
  net::Certificate intermediate_;
  std::string list_;  // set before clients come
  std::atomic<int> list_requests_ = 0;
  FaultyRelay server_;  // last: its threads use the members above
};

}  // namespace derp::test
