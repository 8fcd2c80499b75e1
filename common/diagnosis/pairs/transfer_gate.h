// Which transfers may run side by side: one per node, one over TUN (devices in one namespace would
// share addresses), and not so many that the prober's own line is what they measure. What waits is
// served in its order as far as its nodes are free. Not thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/diagnosis/pairs/pair_task.h"

namespace derp::diagnosis {

class TransferGate {
 public:
  static constexpr std::size_t kMost = 16;

  void Add(std::uint64_t id, const PairTask& task, bool over_tun);
  // The next that may start, which then runs until Leave().
  std::optional<std::uint64_t> Next();
  void Leave(std::uint64_t id);  // has run, or waits no longer

 private:
  using NodeKey = std::pair<std::int64_t, std::string>;
  struct Entry {
    std::uint64_t id = 0;
    NodeKey from;
    NodeKey to;
    bool over_tun = false;
  };
  bool IsFree(const Entry& entry) const;

  std::list<Entry> waiting_;
  std::map<std::uint64_t, Entry> running_;
  std::set<NodeKey> busy_;
  bool tun_busy_ = false;
};

}  // namespace derp::diagnosis
