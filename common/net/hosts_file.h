// /etc/hosts, read once and again when it changes. getaddrinfo reads it line by line for every
// name, in a thread of its own here: with a thousand names in it that is a tenth of what probing
// them costs. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/socket_address.h"

namespace derp::net {

class HostsFile {
 public:
  // `clock` outlives the object. Of no use where nsswitch.conf asks somebody else before.
  explicit HostsFile(const Clock& clock, std::string hosts = "/etc/hosts",
                     std::string nsswitch = "/etc/nsswitch.conf")
      : clock_(clock), hosts_(std::move(hosts)), nsswitch_(std::move(nsswitch)) {}

  // What the system would say; empty when it has to be asked: the name is not there, or has several
  // addresses of one family (their order is the system's), none of the wanted one, or one that not
  // every program reads alike.
  std::optional<std::vector<IpAddress>> Find(std::string_view name,
                                             std::optional<AddressFamily> family);

 private:
  struct Entry {
    std::vector<IpAddress> addresses;
    bool plain = true;
  };
  // Enough to see that a file is another one.
  using Stamp = std::array<std::int64_t, 4>;

  void ReadIfChanged() DERP_REQUIRES(mutex_);
  void Read() DERP_REQUIRES(mutex_);
  void ReadLine(std::string_view line) DERP_REQUIRES(mutex_);
  static std::optional<Stamp> StampOf(const std::string& path);

  const Clock& clock_;
  const std::string hosts_;
  const std::string nsswitch_;
  Mutex mutex_;
  std::optional<TimePoint> looked_ DERP_GUARDED_BY(mutex_);
  std::array<std::optional<Stamp>, 2> stamps_ DERP_GUARDED_BY(mutex_);
  std::map<std::string, Entry, std::less<>> entries_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::net
