// Names from a table instead of DNS. A name that is not in it does not exist.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/net/resolver.h"

namespace derp::test {

class FakeResolver final : public net::Resolver {
 public:
  explicit FakeResolver(std::map<std::string, std::vector<IpAddress>, std::less<>> table = {})
      : table_(std::move(table)) {}

  Expected<std::vector<IpAddress>, net::DnsError> Resolve(std::string_view name,
                                                          std::optional<AddressFamily> family,
                                                          TimePoint) override {
    {
      MutexLock lock(mutex_);
      ++questions_;
    }
    std::vector<IpAddress> found;
    if (const auto entry = table_.find(name); entry != table_.end()) {
      for (const IpAddress& ip : entry->second)
        if (!family || ip.family() == *family) found.push_back(ip);
    }
    if (!found.empty()) return found;
    return Fail(net::DnsError{.failure = net::DnsFailure::kNotFound,
                              .text = "lookup " + std::string(name) + ": no such host"});
  }
  int questions() const {
    MutexLock lock(mutex_);
    return questions_;
  }

 private:
  const std::map<std::string, std::vector<IpAddress>, std::less<>> table_;
  mutable Mutex mutex_;
  int questions_ DERP_GUARDED_BY(mutex_) = 0;
};

}  // namespace derp::test
