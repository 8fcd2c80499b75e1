#include "derper/web/site.h"

#include <unistd.h>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/base/text.h"
#include "common/metrics/prometheus_text.h"
#include "derper/web/pages.h"
#include "derper/web/small_replies.h"

namespace derp::relay {
namespace {

constexpr const char* kHsts = "Strict-Transport-Security";

bool IsUrl(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

std::string MachineName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string Clipped(Duration duration) {
  return FormatGoDuration(std::chrono::duration_cast<std::chrono::seconds>(duration));
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

}  // namespace

Expected<std::unique_ptr<MainSite>, Error> MainSite::Make(SiteSettings settings,
                                                          http::DebugAccess access,
                                                          const metrics::Registry& registry,
                                                          const Clock& clock) {
  if (!settings.home.empty() && settings.home != "blank" && !IsUrl(settings.home)) {
    return Fail(Error{.code = ErrorCode::kInvalidArgument,
                      .context = "unknown --home value " + GoQuote(settings.home)});
  }
  return std::unique_ptr<MainSite>(
      new MainSite(std::move(settings), std::move(access), registry, clock));
}

MainSite::MainSite(SiteSettings settings, http::DebugAccess access,
                   const metrics::Registry& registry, const Clock& clock)
    : settings_(std::move(settings)),
      access_(std::move(access)),
      registry_(registry),
      clock_(clock),
      started_(clock.Now()) {
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
  using http::Answering;
  using http::Request;
  const http::Handler metrics =
      Answering([this](const Request& request) { return Metrics(request); });
  router_.Handle("/debug/",
                 Answering([this](const Request& request) { return DebugIndex(request); }));
  router_.Handle("/debug/varz", metrics);
  router_.Handle("/metrics", metrics);
}

http::Response MainSite::Handle(const http::Request& request) const {
  http::Response response;
  if (request.method() == "CONNECT") {
    response = http::ErrorReply(403, "CONNECT not enabled");
  } else {
    router_.Dispatch(request, http::Responder([&response](http::Response answer) {
                       response = std::move(answer);
                     }));
  }
  // Over clear text the header means nothing and would only confuse (RFC 6797 7.2).
  if (!request.tls) response.headers.Remove(kHsts);
  return response;
}

http::Response MainSite::HandlePlain(const http::Request& request) const {
  const std::string_view target = PathAndQuery(request.head.target);
  if (request.path == "/generate_204") return CaptivePortalReply(request);
  if (target.starts_with("/debug")) return Handle(request);
  if (request.method() != "GET" && request.method() != "HEAD") {
    return http::ErrorReply(400, "Use HTTPS");
  }
  const bool to_debug = target == "/" && access_.Allows(request);
  return http::Redirect(
      request.method(), 302,
      fmt::format("https://{}{}", TlsAuthority(request, settings_), to_debug ? "/debug/" : target));
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
                                         .may_debug = access_.Allows(request)}));
  }
  http::AddBrowserHeaders(response.headers);
  return response;
}

std::optional<http::Response> MainSite::Denied(const http::Request& request, bool sub_page) const {
  if (access_.Allows(request)) return std::nullopt;
  std::string text = "debug access denied";
  if (settings_.dev && sub_page) {
    text += "; to permit access, set TS_ALLOW_DEBUG_IP=" + request.remote.ip.ToString();
  }
  return http::ErrorReply(403, text);
}

http::Response MainSite::DebugIndex(const http::Request& request) const {
  if (auto denied = Denied(request, false)) return std::move(*denied);
  if (request.path != "/debug/") return http::NotFound();
  http::Response response =
      http::HtmlReply(DebugPage({.items = {{"Uptime", Clipped(clock_.Now() - started_)},
                                           {"Version", settings_.version},
                                           {"Machine", MachineName()},
                                           {"TLS hostname", settings_.hostname},
                                           {"Mesh key", settings_.has_mesh_key ? "true" : "false"}},
                                 .links = {{"/debug/varz", "Metrics (Prometheus)"}}}));
  http::AddBrowserHeaders(response.headers);
  return response;
}

http::Response MainSite::Metrics(const http::Request& request) const {
  if (auto denied = Denied(request, true)) return std::move(*denied);
  http::Response response;
  http::AddDebugHeaders(response.headers);
  response.headers.Set("Content-Type", metrics::kPrometheusContentType);
  response.body = metrics::WritePrometheusText(registry_.Gather());
  return response;
}

metrics::Registry::Source MainSite::MetricsSource() const {
  return [this](std::vector<metrics::Family>& out) { bootstrap_dns_.Collect(out); };
}

}  // namespace derp::relay
