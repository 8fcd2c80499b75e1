// The names of -bootstrap-dns-names and -unpublished-bootstrap-dns-names, looked up now and again
// on a thread of their own (derper.md 2.6).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/log.h"
#include "common/net/event_loop.h"
#include "common/net/resolver.h"

namespace derp::relay {

// One entry of a list: "name" or "name/txt-name".
struct BootstrapName {
  std::string name{};
  std::string share_name{};  // its TXT record says for how many percent; empty: for all
};
std::vector<BootstrapName> ParseBootstrapNames(std::string_view list);

// The last string that is a whole number from 0 to 100, as a fraction; 0 when there is none.
double ParseShare(const std::vector<std::string>& texts);

struct BootstrapNames {
  std::vector<BootstrapName> published{};
  std::vector<BootstrapName> unpublished{};
  bool empty() const { return published.empty() && unpublished.empty(); }
};

// What a lookup of one name found; no addresses when it failed.
struct BootstrapFound {
  std::vector<IpAddress> addresses{};
  double share = 1;
};
struct BootstrapFindings {
  std::map<std::string, BootstrapFound> published{};
  std::map<std::string, BootstrapFound> unpublished{};
};

// Both are called on the lookup's thread and may block until their deadline.
struct BootstrapSources {
  std::shared_ptr<net::Resolver> resolver;
  std::function<Expected<std::vector<std::string>, net::DnsError>(const std::string& name,
                                                                  TimePoint deadline)>
      texts;
};
BootstrapSources SystemBootstrapSources();

// Belongs to the thread of `loop`. Ends at once, also while a lookup hangs.
class BootstrapLookup {
 public:
  using Done = std::function<void(BootstrapFindings)>;

  static constexpr Duration kInterval = std::chrono::minutes(10);  // after the round before ended

  // `done` is called in the loop's thread after each round. `loop` and `logger` outlive it.
  BootstrapLookup(net::EventLoop& loop, const Logger& logger, BootstrapNames names,
                  BootstrapSources sources, Done done, Duration interval = kInterval);
  ~BootstrapLookup();

  void Start();

 private:
  struct Shared;
  void BeginRound();
  void FinishRound(BootstrapFindings findings);

  const Duration interval_;
  const Done done_;
  std::shared_ptr<Shared> shared_;
  net::Timer timer_;
};

}  // namespace derp::relay
