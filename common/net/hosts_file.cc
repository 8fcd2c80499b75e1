#include "common/net/hosts_file.h"

#include <algorithm>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/text.h"

namespace derp::net {
namespace {

constexpr auto kLookEvery = std::chrono::seconds(1);
constexpr std::size_t kLargestFile = 8U << 20U;

// The words of a line, without its comment.
std::vector<std::string_view> Words(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::vector<std::string_view> words;
  constexpr std::string_view kBlank = " \t\r";
  for (std::size_t at = line.find_first_not_of(kBlank); at != std::string_view::npos;) {
    const std::size_t end = line.find_first_of(kBlank, at);
    words.push_back(line.substr(at, end == std::string_view::npos ? end : end - at));
    at = line.find_first_not_of(kBlank, std::min(end, line.size()));
  }
  return words;
}

// Files come first, and what is found there ends the search. Without the line that is the default.
bool FilesComeFirst(std::string_view nsswitch) {
  for (const std::string_view line : Split(nsswitch, '\n')) {
    const auto words = Words(line);
    if (words.empty() || words[0] != "hosts:") continue;
    return words.size() >= 2 && words[1] == "files" &&
           (words.size() == 2 || !words[2].starts_with('['));
  }
  return true;
}

}  // namespace

std::optional<HostsFile::Stamp> HostsFile::StampOf(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Stamp{static_cast<std::int64_t>(status.st_ino), status.st_size, status.st_mtim.tv_sec,
               status.st_mtim.tv_nsec};
}

std::optional<std::vector<IpAddress>> HostsFile::Find(std::string_view name,
                                                      std::optional<AddressFamily> family) {
  const std::string wanted = ToLowerAscii(name);
  const MutexLock lock(mutex_);
  ReadIfChanged();
  const auto found = entries_.find(wanted);
  if (found == entries_.end() || !found->second.plain) return std::nullopt;
  std::vector<IpAddress> addresses;
  for (const IpAddress& ip : found->second.addresses) {
    if (!family || ip.family() == *family) addresses.push_back(ip);
  }
  const auto v4 = std::count_if(addresses.begin(), addresses.end(),
                                [](const IpAddress& ip) { return ip.is_v4(); });
  const auto v6 = static_cast<std::ptrdiff_t>(addresses.size()) - v4;
  if (addresses.empty() || v4 > 1 || v6 > 1) return std::nullopt;
  return addresses;
}

void HostsFile::ReadIfChanged() {
  const TimePoint now = clock_.Now();
  if (looked_ && now - *looked_ < kLookEvery) return;
  looked_ = now;
  std::array stamps = {StampOf(hosts_), StampOf(nsswitch_)};
  if (stamps == stamps_) return;
  stamps_ = stamps;
  Read();
}

void HostsFile::Read() {
  entries_.clear();
  const auto nsswitch = ReadFile(nsswitch_, kLargestFile);
  if (nsswitch && !FilesComeFirst(*nsswitch)) return;
  const auto hosts = ReadFile(hosts_, kLargestFile);
  if (!hosts) return;
  for (const std::string_view line : Split(*hosts, '\n')) ReadLine(line);
}

void HostsFile::ReadLine(std::string_view line) {
  const auto words = Words(line);
  if (words.size() < 2) return;
  const auto ip = IpAddress::Parse(words[0]);
  // The system makes IPv4 of some IPv6 addresses.
  const bool scoped = words[0].find('%') != std::string_view::npos;
  const bool plain = ip && !scoped && (ip->is_v4() || !(ip->Unmap().is_v4() || ip->IsLoopback()));
  for (std::size_t i = 1; i < words.size(); ++i) {
    Entry& entry = entries_[ToLowerAscii(words[i])];
    entry.plain = entry.plain && plain;
    if (ip) entry.addresses.push_back(*ip);
  }
}

}  // namespace derp::net
