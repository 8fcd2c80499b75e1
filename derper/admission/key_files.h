// -verify-allow-file and -verify-deny-file: read together, replaced together.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/crypto/keys.h"
#include "derper/admission/key_list.h"
#include "derper/admission/verdict.h"

namespace derp::admission {

// Any thread but Load(), which is called in one.
class KeyFiles {
 public:
  // Empty paths: no such file.
  KeyFiles(std::string allow, std::string deny)
      : allow_(std::move(allow)), deny_(std::move(deny)) {}

  // Says how many keys it read. A failure keeps what was there.
  Expected<std::string, Error> Load();

  bool any() const { return !allow_.empty() || !deny_.empty(); }
  std::string Describe() const;  // "allow file a.txt, deny file d.txt"

  struct Listed {
    MethodKind method;
    Verdict verdict;
  };
  // The verdict on a listed key.
  std::optional<Listed> Find(const NodePublic& key) const;
  // The verdict where nobody else can admit: with an allow file, only its keys may enter.
  std::optional<Listed> NotListed() const;

 private:
  struct Lists {
    KeyList allow;
    KeyList deny;
  };

  const std::string allow_;
  const std::string deny_;
  mutable Mutex mutex_;
  std::shared_ptr<const Lists> lists_ DERP_GUARDED_BY(mutex_) = std::make_shared<Lists>();
};

}  // namespace derp::admission
