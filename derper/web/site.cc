#include "derper/web/site.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "derper/web/pages.h"
#include "derper/web/small_replies.h"

namespace derp::relay {
namespace {

constexpr const char* kHsts = "Strict-Transport-Security";

bool IsUrl(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

// The host people asked for with the port that TLS is on.
std::string TlsAuthority(const http::Request& request, const SiteSettings& settings) {
  std::string host(request.head.headers.Get("Host"));
  if (const auto parts = SplitHostPort(host)) {
    const bool is_v6 = parts->host.find(':') != std::string::npos;
    host = is_v6 ? "[" + parts->host + "]" : parts->host;
  }
  if (host.empty()) host = settings.hostname;
  return settings.tls_port == 443 ? host : fmt::format("{}:{}", host, settings.tls_port);
}

// Path and query alone: in absolute-form the authority is the client's idea.
std::string_view PathAndQuery(std::string_view target) {
  if (!IsUrl(target)) return target;
  const std::size_t slash = target.find('/', target.find("://") + 3);
  return slash == std::string_view::npos ? "/" : target.substr(slash);
}

// Whether a request says, by the name it asks for, that it was meant for this very machine.
bool NamesThisMachine(const http::Request& request) {
  std::string host(request.head.headers.Get("Host"));
  if (const auto parts = SplitHostPort(host)) host = parts->host;
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (host.empty() || EqualsIgnoreCase(host, "localhost")) return true;
  const auto literal = IpAddress::Parse(host);
  return literal && literal->Unmap().IsLoopback();
}

// Over clear text the header means nothing and would only confuse (RFC 6797 7.2).
http::Responder WithoutPromise(const http::Request& request, http::Responder responder) {
  if (request.tls) return responder;
  return http::Responder::Before(std::move(responder),
                                 [](http::Response& response) { response.headers.Remove(kHsts); });
}

bool IsDebugPath(std::string_view path) { return path.starts_with("/debug") || path == "/metrics"; }

}  // namespace

bool IsHomeValue(std::string_view home) { return home.empty() || home == "blank" || IsUrl(home); }

Expected<std::unique_ptr<MainSite>, Error> MainSite::Make(SiteSettings settings,
                                                          http::DebugAccess access,
                                                          const SiteParts& parts) {
  if (!IsHomeValue(settings.home)) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument,
                      .context = "unknown --home value " + GoQuote(settings.home)});
  }
  return std::unique_ptr<MainSite>(new MainSite(std::move(settings), std::move(access), parts));
}

MainSite::MainSite(SiteSettings settings, http::DebugAccess access, const SiteParts& parts)
    : settings_(std::move(settings)),
      access_(std::move(access)),
      logger_(parts.logger),
      bootstrap_dns_(settings_.bootstrap_names, parts.random),
      debug_({.hostname = settings_.hostname,
              .version = settings_.version,
              .dev = settings_.dev,
              .has_mesh_key = settings_.has_mesh_key,
              .arguments = settings_.arguments},
             access_, parts) {
  AddRoutes();
  AddDebugRoutes();
}

void MainSite::AddRoutes() {
  using http::Answering;
  using http::Request;
  router_.Handle("/", Answering([this](const Request& request) { return Home(request); }));
  if (!settings_.derp) {
    router_.Handle("/derp", Answering([](const Request&) {
                     return http::ErrorReply(404, "derp server disabled");
                   }));
  }
  router_.Handle("/derp/probe", Answering(ProbeReply));
  router_.Handle("/derp/latency-check", Answering(ProbeReply));
  router_.Handle("/generate_204", Answering(CaptivePortalReply));
  router_.Handle("/robots.txt", Answering([](const Request&) { return RobotsReply(); }));
  router_.Handle(kStylePath, Answering([](const Request&) { return StyleReply(); }));
  router_.Handle("/bootstrap-dns", Answering([this](const Request& request) {
                   return bootstrap_dns_.Handle(request);
                 }));
}

void MainSite::AddDebugRoutes() {
  http::Handler handler = [this](http::Request request, http::Responder responder) {
    debug_.Handle(std::move(request), std::move(responder));
  };
  if (settings_.debug_elsewhere) {
    handler = http::Answering([](const http::Request&) { return http::NotFound(); });
  }
  router_.Handle("/debug/", handler);
  router_.Handle("/metrics", handler);
}

void MainSite::Handle(http::Request request, http::Responder responder) {
  WarnOfHiddenProxy(request);
  http::Responder answer = WithoutPromise(request, std::move(responder));
  if (request.method() == "CONNECT") {
    answer.Send(http::ErrorReply(403, "CONNECT not enabled"));
  } else {
    router_.Dispatch(std::move(request), std::move(answer));
  }
}

void MainSite::HandlePlain(http::Request request, http::Responder responder) {
  const std::string_view target = PathAndQuery(request.head.target);
  if (request.path == "/generate_204") {
    responder.Send(CaptivePortalReply(request));
  } else if (target.starts_with("/debug") || (target == kStylePath && ShowsDebug(request))) {
    Handle(std::move(request), std::move(responder));
  } else if (request.method() != "GET" && request.method() != "HEAD") {
    responder.Send(http::ErrorReply(400, "Use HTTPS"));
  } else {
    const bool to_debug = target == "/" && ShowsDebug(request);
    responder.Send(http::Redirect(request.method(), 302,
                                  fmt::format("https://{}{}", TlsAuthority(request, settings_),
                                              to_debug ? "/debug/" : target)));
  }
}

void MainSite::HandleDebugOnly(http::Request request, http::Responder responder) {
  http::Responder answer = WithoutPromise(request, std::move(responder));
  if (IsDebugPath(request.path)) {
    debug_.Handle(std::move(request), std::move(answer));
  } else if (request.path == kStylePath) {
    answer.Send(StyleReply());
  } else if (request.path == "/") {
    answer.Send(http::Redirect(request.method(), 302, "/debug/"));
  } else {
    answer.Send(http::NotFound());
  }
}

bool MainSite::ShowsDebug(const http::Request& request) const {
  return !settings_.debug_elsewhere && access_.Allows(request);
}

// Behind a TCP proxy on this machine every visitor has this machine's address, and with it the
// debug pages (derper.md 11, edge 12).
void MainSite::WarnOfHiddenProxy(const http::Request& request) {
  if (warned_of_proxy_ || settings_.debug_elsewhere || request.proxied) return;
  if (!request.remote.ip.Unmap().IsLoopback() || NamesThisMachine(request)) return;
  warned_of_proxy_ = true;
  logger_.Warn(
      "derper: a request for {} came from this machine: if a proxy or port forwarder stands in "
      "front, everybody may see the debug pages; serve them by -debug-addr instead",
      GoQuote(request.head.headers.Get("Host")));
}

http::Response MainSite::Home(const http::Request& request) const {
  http::Response response;
  if (settings_.home == "blank") {
    response = http::HtmlReply("");
  } else if (!settings_.home.empty()) {
    response = http::Redirect(request.method(), 302, settings_.home);
  } else {
    response = http::HtmlReply(HomePage({.hostname = settings_.hostname,
                                         .version = settings_.version,
                                         .derp = settings_.derp,
                                         .may_debug = ShowsDebug(request)}));
  }
  http::AddBrowserHeaders(response.headers);
  return response;
}

metrics::Registry::Source MainSite::MetricsSource() const {
  return [this](std::vector<metrics::Family>& out) { bootstrap_dns_.Collect(out); };
}

}  // namespace derp::relay
