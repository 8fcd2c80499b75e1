// A file of node keys: one per line, "nodekey:" and 64 hex digits or the digits alone; blank lines
// and what follows a '#' do not count.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "common/base/result.h"
#include "common/crypto/keys.h"

namespace derp::admission {

class KeyList {
 public:
  static constexpr std::size_t kMaxFile = 32 * 1024 * 1024;

  // `path` is for the errors, which name file and line.
  static Expected<KeyList, Error> Parse(std::string_view text, const std::string& path);
  static Expected<KeyList, Error> Load(const std::string& path);

  bool Contains(const NodePublic& key) const { return keys_.contains(key); }
  std::size_t size() const { return keys_.size(); }

 private:
  // The operator chooses these keys, so nobody can choose their collisions.
  std::unordered_set<NodePublic> keys_;
};

}  // namespace derp::admission
