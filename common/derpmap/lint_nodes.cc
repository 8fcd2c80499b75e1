#include "common/derpmap/lint_nodes.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "common/base/text.h"

namespace derp::derpmap {
namespace {

constexpr std::string_view kPinPrefix = "sha256-raw:";
constexpr std::size_t kPinDigits = 64;
constexpr std::size_t kLongestName = 253;  // RFC 1035 section 2.3.4, as text
constexpr std::size_t kLongestLabel = 63;
constexpr int kHighestPort = 65535;

bool IsHexDigit(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool IsNameCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}
bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool IsDnsName(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kLongestName) return false;
  const std::vector<std::string_view> labels = Split(name, '.');
  return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && label.size() <= kLongestLabel &&
           std::all_of(label.begin(), label.end(), IsNameCharacter);
  });
}

bool HasPort(std::string_view text) {
  const auto parts = SplitHostPort(text);
  return parts && !parts->port.empty() &&
         std::all_of(parts->port.begin(), parts->port.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

// Why a HostName cannot be dialed; empty when it can.
std::string_view HostNameFault(std::string_view name) {
  if (IpAddress::Parse(name) || IsDnsName(name)) return {};
  if (name.empty()) return "is empty";
  if (name.find("://") != std::string_view::npos) return "is a URL, only its host belongs here";
  if (std::any_of(name.begin(), name.end(),
                  [](char c) { return c == ' ' || c == '\t' || c == '\n'; }))
    return "contains blanks";
  if (HasPort(name)) return "contains a port, which belongs into DERPPort";
  if (name.starts_with('[')) return "has brackets, which do not belong here";
  if (name.find('/') != std::string_view::npos) return "contains a path";
  if (!IsAscii(name)) return "is not ASCII, resolvers know only its xn-- form";
  return "is neither a name nor an address";
}

class NodeLinter {
 public:
  NodeLinter(const Region& region, const Node& node, std::vector<Note>& notes)
      : region_(region), node_(node), notes_(notes) {}

  void Run() {
    HostName();
    Address("IPv4", node_.ipv4, AddressFamily::kIpv4);
    Address("IPv6", node_.ipv6, AddressFamily::kIpv6);
    Ports();
    Pin();
    Insecure();
    NoLiteral();
    PrivateAddress();
  }

 private:
  Note& Add(std::string code, std::string fact) {
    Note note;
    note.code = std::move(code);
    note.region_id = region_.id;
    note.region = RegionLabel(region_);
    note.node = PrintablePeerText(node_.name);
    note.fact = std::move(fact);
    notes_.push_back(std::move(note));
    return notes_.back();
  }

  void HostName() {
    const std::string_view fault = HostNameFault(node_.host_name);
    if (fault.empty()) return;
    const std::string shown = PrintablePeerText(node_.host_name);
    Add("map.bad_hostname", fmt::format("HostName {} {}", GoQuote(shown), fault)).data = {
        {"host_name", shown}};
  }

  void Address(std::string_view member, const std::string& text, AddressFamily family) {
    // Clients take any other text for "none"; whoever wrote it meant something else.
    if (text.empty() || EqualsIgnoreCase(text, "none") || node_.Literal(family)) return;
    const std::string shown = PrintablePeerText(text);
    Add("map.bad_address", fmt::format("{} is {}: neither empty, none, nor an {} address", member,
                                       GoQuote(shown), member))
        .data = {{"member", std::string(member)}, {"value", shown}};
  }

  void Ports() {
    if (node_.derp_port < 0 || node_.derp_port > kHighestPort)
      BadPort("DERPPort", node_.derp_port, "1 to 65535, or 0 for 443");
    if (node_.stun_port < -1 || node_.stun_port > kHighestPort)
      BadPort("STUNPort", node_.stun_port, "1 to 65535, 0 for 3478, or -1 for off");
  }
  void BadPort(std::string_view member, int port, std::string_view range) {
    Add("map.bad_port", fmt::format("{} is {}, allowed are {}", member, port, range)).data = {
        {"member", std::string(member)}, {"port", static_cast<std::int64_t>(port)}};
  }

  void Pin() {
    const std::string_view name = node_.cert_name;
    if (!ToLowerAscii(name.substr(0, kPinPrefix.size())).starts_with(kPinPrefix)) return;
    const std::string_view digits = name.substr(kPinPrefix.size());
    const bool prefix_fits = name.starts_with(kPinPrefix);
    const bool hex =
        digits.size() == kPinDigits && std::all_of(digits.begin(), digits.end(), IsHexDigit);
    const std::string lower = ToLowerAscii(name);
    if (!hex) {
      Add("map.bad_pin",
          fmt::format("CertName {} has {} characters after {}, where 64 hex digits belong",
                      GoQuote(PrintablePeerText(name)), digits.size(), kPinPrefix));
    } else if (lower != name) {
      const std::string_view why = prefix_fits ? "has upper-case digits, which match no certificate"
                                               : "has upper-case letters: clients see no pin in it";
      Add("map.pin_uppercase", fmt::format("CertName {}; it has to be {}", why, lower)).data = {
          {"pin_expected", lower}};
    }
  }

  void Insecure() {
    if (node_.insecure_for_tests)
      Add("map.insecure", "InsecureForTests is set: nobody checks whom he talks to");
  }

  void NoLiteral() {
    using Use = Node::FamilyUse;
    const Use v4 = node_.Use(AddressFamily::kIpv4);
    const Use v6 = node_.Use(AddressFamily::kIpv6);
    const bool resolves = v4 == Use::kResolve || v6 == Use::kResolve;
    if (!resolves || v4 == Use::kLiteral || v6 == Use::kLiteral) return;
    if (IpAddress::Parse(node_.host_name) || !IsDnsName(node_.host_name)) return;
    Add("map.no_literal_address",
        fmt::format("only the name {} leads to this relay: without DNS clients cannot find it",
                    PrintablePeerText(node_.host_name)));
  }

  void PrivateAddress() {
    std::vector<IpAddress> addresses;
    for (const AddressFamily family : {AddressFamily::kIpv4, AddressFamily::kIpv6})
      if (const auto literal = node_.Literal(family)) addresses.push_back(*literal);
    const auto host = IpAddress::Parse(node_.host_name);
    if (host && addresses.empty()) addresses.push_back(*host);
    for (const IpAddress& address : addresses) {
      const IpAddress plain = address.Unmap();
      std::string_view kind;
      if (plain.IsLoopback())
        kind = "a loopback";
      else if (plain.IsPrivate())
        kind = "a private";
      else if (plain.IsCgnat())
        kind = "a carrier's private (CGNAT)";
      else if (plain.IsLinkLocal())
        kind = "a link-local";
      else
        continue;
      Add("map.private_address", fmt::format("{} is {} address", address.ToString(), kind)).data = {
          {"address", address.ToString()}};
    }
  }

  const Region& region_;
  const Node& node_;
  std::vector<Note>& notes_;
};

}  // namespace

void LintNode(const Region& region, const Node& node, std::vector<Note>& notes) {
  NodeLinter(region, node, notes).Run();
}

}  // namespace derp::derpmap
