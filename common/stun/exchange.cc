#include "common/stun/exchange.h"

#include <algorithm>

namespace derp::stun {
namespace {

SocketAddress Unmapped(const SocketAddress& address) { return {address.ip.Unmap(), address.port}; }

bool IsErrorResponse(ByteView datagram) {
  return IsStun(datagram) &&
         LoadU16Be(datagram.data()) == static_cast<std::uint16_t>(MessageType::kBindingError);
}

}  // namespace

std::string_view MatchKindName(MatchKind kind) {
  switch (kind) {
    case MatchKind::kAnswer:
      return "answer";
    case MatchKind::kForeignSource:
      return "foreign_source";
    case MatchKind::kDuplicate:
      return "duplicate";
    case MatchKind::kUnknown:
      return "unknown_transaction";
    case MatchKind::kError:
      return "error_response";
    case MatchKind::kMalformed:
      return "malformed";
  }
  return "malformed";
}

bool SameEndpoint(const SocketAddress& a, const SocketAddress& b) {
  return a.port == b.port && std::ranges::equal(a.ip.Unmap().bytes(), b.ip.Unmap().bytes());
}

void Exchange::Sent(const TransactionId& id, const SocketAddress& target, TimePoint at) {
  auto [entry, is_new] = requests_.try_emplace(id);
  Request& request = entry->second;
  if (is_new) request.first = at;
  request.target = Unmapped(target);
  request.last = at;
  ++request.sends;
}

std::size_t Exchange::Open() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(requests_, [](const auto& row) { return !row.second.answered; }));
}

Match Exchange::Receive(ByteView datagram, const SocketAddress& source, TimePoint at) {
  Match match;
  match.source = Unmapped(source);
  match.id = PeekTransactionId(datagram);
  const auto response = ParseResponse(datagram);
  if (!response) match.error = response.error();

  const auto found = match.id ? requests_.find(*match.id) : requests_.end();
  if (found == requests_.end()) {
    match.kind = response ? MatchKind::kUnknown : MatchKind::kMalformed;
    return match;
  }
  Request& request = found->second;
  match.target = request.target;
  if (!response) {
    match.kind = IsErrorResponse(datagram) ? MatchKind::kError : MatchKind::kMalformed;
    return match;
  }
  match.mapped = response->address;
  match.mapped_form = response->mapped_form;
  match.rtt = at - request.last;
  match.since_first = at - request.first;
  match.sends = request.sends;
  if (request.answered) {
    match.kind = MatchKind::kDuplicate;
  } else if (!SameEndpoint(match.source, request.target)) {
    match.kind = MatchKind::kForeignSource;
  } else {
    match.kind = MatchKind::kAnswer;
    request.answered = true;
  }
  return match;
}

}  // namespace derp::stun
