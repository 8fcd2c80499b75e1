#include "derpprobe/service/site.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/base/text.h"
#include "common/cli/version.h"
#include "common/http/html.h"
#include "common/http/page_style.h"
#include "common/http/request_origin.h"
#include "common/http/url.h"
#include "common/metrics/prometheus_text.h"
#include "derpprobe/service/page/frame.h"
#include "derpprobe/service/page/words.h"
#include "derpprobe/service/status_page.h"

namespace derp::probe {
namespace {

using http::Request;
using http::Response;

constexpr std::size_t kProbesOnDemand = 4;  // more wait their turn

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

std::optional<int> RefreshSeconds(const Request& request) {
  const std::string text = http::QueryValue(request.query, "refresh");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (seconds < 1 || seconds > 86400) return std::nullopt;
  return seconds;
}

// The reference's text form (derpprobe.md 7.1).
Response RunReply(const ProbeInfo& info) {
  const std::string outcome =
      info.status == ProbeStatus::kSucceeded
          ? fmt::format("Probe succeeded in {}", FormatGoDuration(info.latency))
          : fmt::format("Probe failed: {}", info.error);
  Response response = http::TextReply(
      fmt::format("{}\nLast {} probes (including this one): success rate {}%, median latency {}\n",
                  outcome, info.recent_results.size(), static_cast<int>(info.SuccessRatio() * 100),
                  FormatGoDuration(info.MedianLatency())));
  if (info.status != ProbeStatus::kSucceeded) response.status = 424;
  return response;
}

}  // namespace

Site::Site(Board& board, Prober& prober, ProbeTable& table, const metrics::Registry& registry,
           http::DebugAccess access, std::string vantage, const Clock& clock, const Logger& logger)
    : board_(board),
      prober_(prober),
      table_(table),
      registry_(registry),
      access_(std::move(access)),
      vantage_(std::move(vantage)),
      clock_(clock),
      logger_(logger),
      started_(clock.WallNow()),
      on_demand_(kProbesOnDemand) {
  using http::Answering;
  router_.Handle("/", Answering([this](const Request& r) { return StatusPageReply(r); }));
  router_.Handle("/healthz", Answering([](const Request&) { return http::TextReply("ok\n"); }));
  router_.Handle("/explain/", Answering([](const Request& request) {
                   auto page = ExplainPage(std::string_view(request.path).substr(9));
                   return page ? Page(std::move(*page)) : http::NotFound();
                 }));
  const auto metrics = Answering([this](const Request&) {
    Response response = http::TextReply(metrics::WritePrometheusText(registry_.Gather()));
    response.headers.Set("Content-Type", metrics::kPrometheusContentType);
    return response;
  });
  router_.Handle("/metrics", Restricted(metrics));
  router_.Handle("/debug/varz", Restricted(metrics));
  router_.Handle("/debug/", Restricted(Answering([this](const Request& request) {
                   return request.path == "/debug/" ? DebugIndex() : http::NotFound();
                 })));
  router_.Handle("/debug/probe-run", Restricted([this](Request request, http::Responder responder) {
                   ProbeRun(request, std::move(responder));
                 }));
}

void Site::Handle(Request request, http::Responder responder) const {
  router_.Dispatch(std::move(request), std::move(responder));
}

http::Handler Site::Restricted(http::Handler handler) const {
  return [this, handler = std::move(handler)](Request request, http::Responder responder) {
    if (!access_.Allows(request)) {
      responder.Send(http::ErrorReply(403, "debug access denied"));
      return;
    }
    handler(std::move(request), std::move(responder));
  };
}

Response Site::StatusPageReply(const Request& request) const {
  LogRequest(request);
  PageOptions options;
  options.vantage = vantage_;
  options.round = prober_.round();
  options.now = clock_.WallNow();
  options.refresh_seconds = RefreshSeconds(request);
  options.open = http::QueryValue(request.query, "open");
  return Page(StatusPage(*board_.State(), options));
}

Response Site::DebugIndex() const {
  std::string probes;
  for (const ProbeInfo& info : table_.All()) {
    probes += fmt::format(
        R"(<tr><td class="m"><a href="/debug/probe-run?name={}">{}</a></td><td>{}</td><td>{}</td><td class="num">{}</td><td class="num">{:.0f} %</td><td class="m">{}</td></tr>)",
        http::PercentEncode(info.spec.name), http::EscapeHtml(info.spec.name),
        http::EscapeHtml(info.spec.probe_class), ProbeStatusName(info.status),
        info.latency > Duration::zero() ? FormatGoDuration(info.latency) : "–",
        info.SuccessRatio() * 100, http::EscapeHtml(info.error));
  }
  return Page(fmt::format(
      R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>derpprobe debug</title><style>{}</style></head><body><header><h1>derpprobe debug</h1></header><main><dl><dt>Uptime</dt><dd>{}</dd><dt>Version</dt><dd>{}</dd><dt>Machine</dt><dd>{}</dd><dt>Metrics</dt><dd><a href="/debug/varz">/debug/varz</a></dd></dl><h2>Probes (a name runs it now)</h2><div class="wide"><table><tr><th scope="col">name</th><th scope="col">class</th><th scope="col">status</th><th scope="col">latency</th><th scope="col">last ten</th><th scope="col">last error</th></tr>{}</table></div></main><footer class="mut"><p><a href="/">status page</a></p></footer></body></html>
)",
      http::PageStyle(), AgeText(clock_.WallNow() - started_), cli::Version(),
      http::EscapeHtml(vantage_), probes));
}

void Site::ProbeRun(const Request& request, http::Responder responder) const {
  LogRequest(request);
  if (http::IsForeignRequest(request)) {
    responder.Send(http::ErrorReply(403, "requests from other sites run no probes"));
    return;
  }
  const std::string name = http::QueryValue(request.query, "name");
  if (name.empty()) {
    responder.Send(http::ErrorReply(400, "missing name parameter"));
    return;
  }
  // The pool wants a copyable function; the responder can only be moved.
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  on_demand_.Post([this, name, shared] {
    const auto info = prober_.RunNow(name);
    shared->Send(info ? RunReply(*info)
                      : http::ErrorReply(404, fmt::format("unknown probe {}", GoQuote(name))));
  });
}

void Site::LogRequest(const Request& request) const {
  logger_.Debug("http: {} {} from {}", request.method(), http::LoggableTarget(request.head.target),
                request.remote.ToString());
}

}  // namespace derp::probe
