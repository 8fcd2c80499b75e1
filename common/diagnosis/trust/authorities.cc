#include "common/diagnosis/trust/authorities.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/diagnosis/trust/public_url.h"
#include "common/http/fetch.h"

namespace derp::diagnosis {

namespace {

constexpr std::size_t kMostBytes = 10U << 20U;
constexpr std::size_t kThreads = 4;
constexpr std::size_t kMostLists = 256;
constexpr std::size_t kMostIssuers = 64;
constexpr auto kFetchTime = std::chrono::seconds(5);
constexpr Duration kLeastKept = std::chrono::hours(1);
constexpr Duration kFailureKept = std::chrono::minutes(5);  // then it is tried again

Error Refusal(std::string text) { return {ErrorCode::kPermission, std::move(text), 0}; }

Error TooLate(std::string_view url) {
  return {ErrorCode::kTimeout, fmt::format("{} has not answered yet", PrintablePeerText(url)), 0};
}

std::string KeyOf(const Authorities::Place& place, std::string_view more) {
  return fmt::format("{}\n{}\n{}", place.may_be_private, more, place.url);
}

Expected<net::CertificateChain, Error> ReadCertificates(const std::string& body) {
  auto one = net::Certificate::FromDer(AsBytes(body));
  if (one) return net::CertificateChain{std::move(*one)};
  auto several = net::ParsePemChain(body);
  if (!several) return Fail(one.error());
  return several;
}

}  // namespace

Authorities::Authorities(const Clock& clock, net::Resolver& resolver, CrlMode mode)
    : clock_(clock),
      resolver_(resolver),
      mode_(mode),
      lists_(clock, kThreads, kMostLists),
      issuers_(clock, kThreads, kMostIssuers) {}

Expected<std::string, Error> Authorities::Fetch(const Place& place) const {
  const std::string shown = PrintablePeerText(place.url);
  const auto url = ParsePlainUrl(place.url);
  if (!url) return Fail(Refusal(fmt::format("{} is no plain http URL", shown)));
  const TimePoint deadline = clock_.Now() + kFetchTime;
  std::vector<IpAddress> addresses;
  if (const auto literal = IpAddress::Parse(url->host)) {
    addresses.push_back(*literal);
  } else {
    auto found = resolver_.Resolve(url->host, std::nullopt, deadline);
    if (!found) return Fail(Error{ErrorCode::kNotFound, PrintablePeerText(found.error().text), 0});
    addresses = std::move(*found);
  }
  if (!place.may_be_private) {
    std::erase_if(addresses, [](const IpAddress& each) { return !IsPublicAddress(each); });
    if (addresses.empty()) {
      return Fail(Refusal(fmt::format("{} is not at a public address", shown)));
    }
  }
  // Few machines have IPv6 alone.
  std::stable_sort(addresses.begin(), addresses.end(),
                   [](const IpAddress& a, const IpAddress& b) { return a.is_v4() && !b.is_v4(); });
  http::FetchRequest request;
  request.url = place.url;
  request.max_body = kMostBytes;
  request.follow_redirects = false;
  Error last{ErrorCode::kNotFound, fmt::format("{} has no address", shown), 0};
  for (const IpAddress& address : addresses) {
    request.connect_to = SocketAddress{address, url->port};
    auto response = http::Fetch(request, deadline);
    if (!response) {
      last = response.error();
      last.context = PrintablePeerText(last.context);
      continue;
    }
    if (response->status == 200) return std::move(response->body);
    return Fail(
        Error{ErrorCode::kProtocol, fmt::format("{}: status {}", shown, response->status), 0});
  }
  return Fail(std::move(last));
}

Expected<std::shared_ptr<const net::RevocationList>, Error> Authorities::List(
    const Place& place, const net::Certificate& issuer, const Wait& wait) {
  using Outcome = SharedFetch<net::RevocationList>::Outcome;
  auto got = lists_.Get(
      KeyOf(place, issuer.Sha256Hex()),
      [this, place, issuer]() -> Outcome {
        const auto body = Fetch(place);
        if (!body) return {Fail(body.error()), kFailureKept};
        auto list = net::RevocationList::FromDer(AsBytes(*body), place.url, issuer);
        if (!list) {
          return {Fail(Within(PrintablePeerText(place.url), list.error())), kFailureKept};
        }
        Duration keep = kLeastKept;
        if (list->next_update()) keep = std::max(keep, *list->next_update() - clock_.WallNow());
        return {std::make_shared<const net::RevocationList>(std::move(*list)), keep};
      },
      wait.patience, wait.deadline);
  if (!got) return Fail(TooLate(place.url));
  return std::move(*got);
}

Expected<std::shared_ptr<const net::CertificateChain>, Error> Authorities::Issuers(
    const Place& place, const Wait& wait) {
  using Outcome = SharedFetch<net::CertificateChain>::Outcome;
  auto got = issuers_.Get(
      KeyOf(place, ""),
      [this, place]() -> Outcome {
        const auto body = Fetch(place);
        if (!body) return {Fail(body.error()), kFailureKept};
        auto chain = ReadCertificates(*body);
        if (!chain) {
          return {Fail(Within(PrintablePeerText(place.url), chain.error())), kFailureKept};
        }
        return {std::make_shared<const net::CertificateChain>(std::move(*chain)), kLeastKept};
      },
      wait.patience, wait.deadline);
  if (!got) return Fail(TooLate(place.url));
  return std::move(*got);
}

}  // namespace derp::diagnosis
