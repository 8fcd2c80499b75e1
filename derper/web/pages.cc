#include "derper/web/pages.h"

#include <fmt/format.h>

#include "common/http/html.h"

namespace derp::relay {

using http::EscapeHtml;

std::string Page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{}</title>\n<link rel=\"stylesheet\" href=\"{}\">\n</head>\n<body>\n{}</body>\n"
      "</html>\n",
      EscapeHtml(title), kStylePath, body);
}

std::string Definition(std::string_view name, std::string_view value) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", EscapeHtml(name), EscapeHtml(value));
}

bool IsTailscaleRelayName(std::string_view hostname) {
  constexpr std::string_view kDomain = ".tailscale.com";
  if (hostname.ends_with('.')) hostname.remove_suffix(1);
  if (!hostname.starts_with("derp") || !hostname.ends_with(kDomain)) return false;
  hostname.remove_suffix(kDomain.size());
  return hostname.find('.') == std::string_view::npos;
}

std::string HomePage(const HomePageFacts& facts) {
  const char* const state = facts.derp ? "ok" : "warn";
  std::string body = "<header><h1>DERP relay</h1>\n";
  body += fmt::format(
      "<p class=\"verdict {0}\">Status: <b class=\"{0}\">{1}</b>{2}</p></header>\n<main>\n", state,
      facts.derp ? "✓ running" : "! disabled",
      facts.derp ? "" : " – this machine answers STUN and latency checks only");
  body +=
      "<p>This machine relays encrypted packets between devices of a WireGuard-based private "
      "network, for as long as they find no direct path to each other. It cannot read what it "
      "relays: the keys are on the devices.</p>\n"
      "<p>Clients speak the protocol DERP on <code>/derp</code> over HTTPS, and find out their "
      "public address by STUN over UDP. There is nothing here to log in to.</p>\n<dl>\n";
  if (!facts.hostname.empty()) body += Definition("Host name", facts.hostname);
  body += Definition("Version", facts.version);
  body += "</dl>\n";
  if (IsTailscaleRelayName(facts.hostname)) {
    body +=
        "<h2>Abuse</h2>\n<p>Reports about this relay go to "
        "<a href=\"mailto:security@tailscale.com\">security@tailscale.com</a>. Policies: "
        "<a href=\"https://tailscale.com/security-policies\">security</a>, "
        "<a href=\"https://tailscale.com/tailscale-aup\">acceptable use</a>.</p>\n";
  }
  if (facts.may_debug) body += "<p>For operators: <a href=\"/debug/\">debug pages</a></p>\n";
  body += "</main>\n";
  return Page("DERP relay", body);
}

std::string LinkList(const std::vector<PageLink>& links) {
  std::string list = "<dl class=\"facts\">\n";
  for (const PageLink& link : links) {
    list += fmt::format("<dt><a href=\"{}\">{}</a></dt><dd>{}</dd>\n", EscapeHtml(link.href),
                        EscapeHtml(link.name), EscapeHtml(link.text));
  }
  return list + "</dl>\n";
}

}  // namespace derp::relay
