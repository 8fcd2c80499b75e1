// A connection's last flows, so that counting a packet costs a comparison instead of a look-up.
#pragma once

#include <array>
#include <cstdint>

#include "derper/relay/traffic/flow_table.h"

namespace derp::relay {

// One thread; belongs to a connection.
class FlowCache {
 public:
  // Counts a packet of the flow `tag` stands for: its row, or null when the table has none for it.
  // `admit(offered)` asks the table, with the bytes that came since it was asked last.
  template <typename Admit>
  Flow* Find(std::uint64_t tag, std::size_t size, const Admit& admit) {
    Item& item = items_[tag % items_.size()];
    if (item.tag == tag) {
      if (Flow* flow = item.flow.Get()) return flow;
      item.offered += size;
      if (item.skip > 0) {
        --item.skip;
        return nullptr;
      }
    } else {
      item.tag = tag;
      item.offered = size;
    }
    item.flow = admit(item.offered);
    item.skip = kSkip;
    if (item.flow.row != nullptr) item.offered = 0;
    return item.flow.Get();
  }

 private:
  // A flow that found no room asks again after so many packets.
  static constexpr std::uint32_t kSkip = 31;

  struct Item {
    std::uint64_t tag = 0;
    FlowRef flow;
    std::uint64_t offered = 0;
    std::uint32_t skip = 0;
  };
  std::array<Item, 8> items_;
};

}  // namespace derp::relay
