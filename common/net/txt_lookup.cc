#include "common/net/txt_lookup.h"

#include <arpa/nameser.h>

#include "common/net/dns_channel.h"

namespace derp::net {
namespace {

constexpr std::size_t kMaxName = 254;  // RFC 1035 2.3.4, with a final dot

struct TxtDeleter {
  void operator()(ares_txt_ext* list) const { ares_free_data(list); }
};

DnsError Failure(const std::string& name, const std::string& server, DnsFailure failure) {
  std::string text = "lookup " + name;
  if (!server.empty()) text += " on " + server;
  switch (failure) {
    case DnsFailure::kNotFound:
    case DnsFailure::kNoAddress:
      text += ": no such host";
      break;
    case DnsFailure::kTimeout:
      text += ": i/o timeout";
      break;
    case DnsFailure::kServerFailure:
    case DnsFailure::kOther:
      text += ": server misbehaving";
      break;
  }
  return {failure, std::move(text)};
}

}  // namespace

Expected<std::vector<std::string>, DnsError> LookupTxt(const std::string& name, TimePoint deadline,
                                                       const std::string& servers) {
  const bool shaped =
      !name.empty() && name.size() <= kMaxName && name.find('\0') == std::string::npos;
  if (!shaped) return Fail(Failure(name, "", DnsFailure::kNotFound));
  const DnsChannel channel = OpenDnsChannel(servers, /*first_word=*/false);
  if (!channel) return Fail(Failure(name, "", DnsFailure::kOther));
  const DnsAnswer answer = AskDns(channel.get(), name, ns_t_txt, deadline);
  const std::string server = FirstDnsServer(channel.get());
  if (const auto failure = DnsFailureOf(answer.status)) {
    return Fail(Failure(name, server, *failure));
  }
  ares_txt_ext* first = nullptr;
  const int parsed = ares_parse_txt_reply_ext(answer.message.data(),
                                              static_cast<int>(answer.message.size()), &first);
  const std::unique_ptr<ares_txt_ext, TxtDeleter> owned(first);
  if (parsed != ARES_SUCCESS) {
    return Fail(Failure(name, server, DnsFailureOf(parsed).value_or(DnsFailure::kOther)));
  }
  std::vector<std::string> records;
  for (const ares_txt_ext* item = first; item != nullptr; item = item->next) {
    if (item->record_start != 0 || records.empty()) records.emplace_back();
    records.back().append(reinterpret_cast<const char*>(item->txt), item->length);
  }
  return records;
}

}  // namespace derp::net
