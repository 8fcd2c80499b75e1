#include "derpprobe/service/site.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "common/http/request_origin.h"
#include "common/http/url.h"
#include "common/metrics/prometheus_text.h"
#include "derpprobe/service/go_json.h"
#include "derpprobe/service/page/debug_index.h"
#include "derpprobe/service/page/frame.h"
#include "derpprobe/service/readiness.h"
#include "derpprobe/service/status_json.h"

namespace derp::probe {
namespace {

using http::Answering;
using http::Request;
using http::Responder;
using http::Response;

// No scripts and nothing from elsewhere, also if a foreign text ever got through unescaped.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

Response Page(std::string html) {
  Response response = http::HtmlReply(std::move(html));
  response.headers.Set("Content-Security-Policy", kPagePolicy);
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.headers.Set("Referrer-Policy", "no-referrer");
  response.headers.Set("Cache-Control", "no-store");
  return response;
}

Response JsonReply(std::string text) {
  Response response = http::TextReply(std::move(text));
  response.headers.Set("Content-Type", "application/json");
  response.headers.Set("X-Content-Type-Options", "nosniff");
  response.headers.Set("Cache-Control", "no-store");
  return response;
}

std::optional<int> RefreshSeconds(const Request& request) {
  const std::string text = http::QueryValue(request.query, "refresh");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (seconds < 1 || seconds > 86400) return std::nullopt;
  return seconds;
}

// Adds what pages under /debug/ carry, below what the page itself says.
Responder WithDebugHeaders(Responder responder) {
  auto shared = std::make_shared<Responder>(std::move(responder));
  return Responder([shared](Response response) {
    http::Headers own = std::exchange(response.headers, {});
    http::AddDebugHeaders(response.headers);
    for (const http::Header& header : own.items()) {
      response.headers.Set(header.name, header.value);
    }
    shared->Send(std::move(response));
  });
}

}  // namespace

Site::Site(const SiteParts& parts, SiteOptions options)
    : parts_(parts),
      options_(std::move(options)),
      started_(parts.clock.WallNow()),
      log_(parts.logger, parts.clock),
      on_demand_({parts.prober, parts.table, parts.context, options_.probe_allow}) {
  AddOpenPages();
  AddRestrictedPages();
  AddActions();
}

void Site::AddOpenPages() {
  // As the reference: every path that is nothing else.
  router_.Handle("/", Logged(Answering([this](const Request& r) { return StatusPageReply(r); })));
  router_.Handle("/healthz", Answering([](const Request&) { return http::TextReply("ok\n"); }));
  router_.Handle("/readyz", Answering([this](const Request&) {
                   const std::string why = WhyNotReady(*parts_.board.State(), parts_.prober.round(),
                                                       parts_.clock.WallNow());
                   return why.empty() ? http::TextReply("ok\n") : http::ErrorReply(503, why);
                 }));
  router_.Handle("/explain/", Answering([](const Request& request) {
                   auto page = ExplainPage(std::string_view(request.path).substr(9));
                   return page ? Page(std::move(*page)) : http::NotFound();
                 }));
}

void Site::AddRestrictedPages() {
  const auto metrics = Answering([this](const Request&) {
    Response response = http::TextReply(metrics::WritePrometheusText(parts_.registry.Gather()));
    response.headers.Set("Content-Type", metrics::kPrometheusContentType);
    return response;
  });
  router_.Handle("/metrics", Restricted(metrics));
  router_.Handle("/debug/varz", Restricted(metrics));
  router_.Handle("/debug/vars", Restricted(Answering([this](const Request&) {
                   return JsonReply(VarsJson(parts_.registry.Gather()));
                 })));
  router_.Handle(
      "/status.json", Restricted(Answering([this](const Request& request) {
        return JsonReply(StatusJsonText(*parts_.board.StateWithPast(), Options(request)));
      })));
  router_.Handle("/debug/", Restricted(Answering([this](const Request& request) {
                   return request.path == "/debug/" ? DebugIndex() : http::NotFound();
                 })));
}

void Site::AddActions() {
  const auto logged = [this](auto action) { return SameSite(Logged(std::move(action))); };
  router_.Handle("/debug/probe-run", logged([this](const Request& request, Responder responder) {
                   on_demand_.RunOne(request, std::move(responder));
                 }));
  router_.Handle("/debug/probe-all", logged([this](const Request& request, Responder responder) {
                   on_demand_.RunAll(request, std::move(responder));
                 }));
  // Scraped again and again, so not worth a line each.
  router_.Handle("/probe", SameSite([this](const Request& request, Responder responder) {
                   on_demand_.RunTarget(request, std::move(responder));
                 }));
  router_.Handle("/-/reload", logged([this](const Request& request, Responder responder) {
                   if (request.method() != "POST" && request.method() != "PUT") {
                     Response refusal = http::ErrorReply(405, "use POST");
                     refusal.headers.Set("Allow", "POST, PUT");
                     responder.Send(std::move(refusal));
                     return;
                   }
                   on_demand_.Reload(options_.reload, std::move(responder));
                 }));
}

void Site::Handle(Request request, Responder responder) const {
  router_.Dispatch(std::move(request), std::move(responder));
}

http::Handler Site::Restricted(http::Handler handler) const {
  return [this, handler = std::move(handler)](Request request, Responder responder) {
    Responder reply = request.path.starts_with("/debug/") ? WithDebugHeaders(std::move(responder))
                                                          : std::move(responder);
    if (!options_.access.Allows(request)) {
      reply.Send(http::ErrorReply(403, "debug access denied"));
      return;
    }
    handler(std::move(request), std::move(reply));
  };
}

http::Handler Site::SameSite(http::Handler handler) const {
  return Restricted([handler = std::move(handler)](Request request, Responder responder) {
    if (http::IsForeignRequest(request)) {
      responder.Send(http::ErrorReply(403, "requests from other sites run nothing here"));
      return;
    }
    handler(std::move(request), std::move(responder));
  });
}

PageOptions Site::Options(const Request& request) const {
  PageOptions options;
  options.vantage = options_.vantage;
  options.round = parts_.prober.round();
  options.now = parts_.clock.WallNow();
  options.refresh_seconds = RefreshSeconds(request);
  options.open = http::QueryValue(request.query, "open");
  return options;
}

Response Site::StatusPageReply(const Request& request) const {
  return Page(StatusPage(*parts_.board.StateWithPast(), Options(request)));
}

Response Site::DebugIndex() const {
  return Page(
      DebugIndexPage(parts_.table.All(), parts_.clock.WallNow() - started_, options_.vantage));
}

http::Handler Site::Logged(http::Handler handler) {
  return [this, handler = std::move(handler)](Request request, Responder responder) {
    Responder watched = log_.Watch(request, std::move(responder));
    handler(std::move(request), std::move(watched));
  };
}

}  // namespace derp::probe
