#include "common/derpmap/note.h"

#include "common/base/text.h"

namespace derp::derpmap {

std::string RegionLabel(const Region& region) {
  return region.code.empty() ? std::to_string(region.id) : PrintablePeerText(region.code);
}

}  // namespace derp::derpmap
