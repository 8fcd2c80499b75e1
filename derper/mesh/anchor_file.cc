#include "derper/mesh/anchor_file.h"

#include <utility>

#include "common/base/file.h"

namespace derp::relay {
namespace {

constexpr std::size_t kMaxAnchors = 4 * 1024 * 1024;  // Above any system's whole bundle.

}  // namespace

AnchorFile::AnchorFile(std::string path, const Logger& logger)
    : path_(std::move(path)), logger_(logger) {}

std::shared_ptr<const net::RootStore> AnchorFile::Current() {
  if (!path_.empty()) {
    std::string problem;
    if (auto pem = ReadFile(path_, kMaxAnchors); !pem) {
      problem = pem.error().context;
    } else if (*pem != pem_) {
      auto roots = net::RootStore::SystemPlus(*pem);
      if (roots) {
        roots_ = std::move(*roots);
        pem_ = std::move(*pem);
      } else {
        problem = path_ + ": " + roots.error().context;
      }
    }
    if (!problem.empty() && problem != last_problem_) {
      logger_.Error("mesh: -mesh-ca-file: {}; trying again at the next dial", problem);
    }
    last_problem_ = std::move(problem);
  }
  if (!roots_) roots_ = net::RootStore::System();
  return roots_;
}

}  // namespace derp::relay
