#include "common/diagnosis/trust/prober_state.h"

#include "common/http/proxy.h"
#include "common/net/sockets.h"

namespace derp::diagnosis {

ProberState LookAtProber(const std::vector<std::string>& sources,
                         const std::map<std::string, std::string>& environment, std::size_t nodes) {
  ProberState state;
  for (const std::string& source : sources) {
    if (state.proxy.empty()) state.proxy = http::ProxyFor(source, environment);
  }
  state.descriptors = net::RaiseDescriptorLimit();
  state.descriptors_wanted = DescriptorsFor(nodes);
  return state;
}

}  // namespace derp::diagnosis
