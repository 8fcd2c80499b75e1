#include "derper/admission/key_files.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::admission {

Expected<std::string, Error> KeyFiles::Load() {
  auto lists = std::make_shared<Lists>();
  std::vector<std::string> said;
  const auto load = [&](const char* flag, const std::string& path,
                        KeyList& out) -> Expected<void, Error> {
    if (path.empty()) return {};
    auto list = KeyList::Load(path);
    if (!list) return Fail(Within(flag, list.error()));
    out = std::move(*list);
    said.push_back(fmt::format("{} keys in {}", out.size(), path));
    return {};
  };
  if (auto done = load("-verify-allow-file", allow_, lists->allow); !done) {
    return Fail(std::move(done.error()));
  }
  if (auto done = load("-verify-deny-file", deny_, lists->deny); !done) {
    return Fail(std::move(done.error()));
  }
  const MutexLock lock(mutex_);
  lists_ = std::move(lists);
  return Join(said, ", ");
}

std::string KeyFiles::Describe() const {
  std::vector<std::string> parts;
  if (!deny_.empty()) parts.push_back("deny file " + deny_);
  if (!allow_.empty()) parts.push_back("allow file " + allow_);
  return Join(parts, ", ");
}

std::optional<KeyFiles::Listed> KeyFiles::Find(const NodePublic& key) const {
  std::shared_ptr<const Lists> lists;
  {
    const MutexLock lock(mutex_);
    lists = lists_;
  }
  if (lists->deny.Contains(key)) {
    return Listed{
        .method = MethodKind::kDenyFile,
        .verdict = {
            .outcome = Outcome::kRefuse, .reason = Reason::kListed, .text = "listed in " + deny_}};
  }
  if (lists->allow.Contains(key)) {
    return Listed{.method = MethodKind::kAllowFile,
                  .verdict = {.outcome = Outcome::kAdmit, .reason = Reason::kListed}};
  }
  return std::nullopt;
}

std::optional<KeyFiles::Listed> KeyFiles::NotListed() const {
  if (allow_.empty()) return std::nullopt;
  return Listed{.method = MethodKind::kAllowFile,
                .verdict = {.outcome = Outcome::kRefuse,
                            .reason = Reason::kNotListed,
                            .text = "not listed in " + allow_}};
}

}  // namespace derp::admission
