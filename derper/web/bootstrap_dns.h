// /bootstrap-dns (derper.md 2.6): addresses of a few names, for clients whose own DNS does not
// work. The published ones are in every answer, the others only where they are asked for by name,
// and then for a share of the addresses.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/crypto/random.h"
#include "common/http/request.h"
#include "common/http/response.h"
#include "common/metrics/registry.h"
#include "derper/web/bootstrap_lookup.h"

namespace derp::relay {

// Control thread only.
class BootstrapDns {
 public:
  // `random` outlives it.
  BootstrapDns(const BootstrapNames& names, RandomSource& random);

  // What a round of lookups found. A name that failed keeps the addresses it had.
  void Update(const BootstrapFindings& findings);

  http::Response Handle(const http::Request& request);
  void Collect(std::vector<metrics::Family>& out) const;

 private:
  using Entries = std::map<std::string, BootstrapFound, std::less<>>;

  void Merge(const std::map<std::string, BootstrapFound>& found, Entries& into);
  void Remember(const std::string& name);
  // The entry to give for a question; counts what it was. Null: the published ones.
  const Entries::value_type* Choose(const std::string& name, const IpAddress& asker);

  RandomSource& random_;
  Entries published_, unpublished_;
  std::string published_body_;
  std::uint64_t requests_ = 0;
  std::uint64_t published_hits_ = 0, published_misses_ = 0;
  std::uint64_t unpublished_hits_ = 0, unpublished_misses_ = 0, share_misses_ = 0;
  std::set<std::string> queried_;  // forgotten above 500, as in the Go program
};

}  // namespace derp::relay
