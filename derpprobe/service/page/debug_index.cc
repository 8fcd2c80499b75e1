#include "derpprobe/service/page/debug_index.h"

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/cli/version.h"
#include "common/http/html.h"
#include "common/http/url.h"
#include "derpprobe/service/page/frame.h"
#include "derpprobe/service/page/words.h"

namespace derp::probe {
namespace {

Badge BadgeOf(ProbeStatus status) {
  switch (status) {
    case ProbeStatus::kSucceeded:
      return {"✓", "succeeded", "ok"};
    case ProbeStatus::kFailed:
      return {"✕", "failed", "fail"};
    case ProbeStatus::kRunning:
      return {"…", "running", "unk"};
    case ProbeStatus::kUnknown:
      break;
  }
  return {"?", "unknown", "unk"};
}

std::string Row(const ProbeInfo& info) {
  const Badge badge = BadgeOf(info.status);
  std::string name = http::EscapeHtml(info.spec.name);
  if (info.spec.interval > Duration::zero()) {
    name = fmt::format(R"(<a href="/debug/probe-run?name={}">{}</a>)",
                       http::PercentEncode(info.spec.name), name);
  }
  return fmt::format(
      R"(<tr><td class="m l">{}</td><td>{}</td><td class="{}">{} {}</td><td class="num">{}</td><td class="num">{:.0f} %</td><td class="m l">{}</td></tr>)",
      name, http::EscapeHtml(info.spec.probe_class), badge.css_class, badge.mark, badge.word,
      info.latency > Duration::zero() ? FormatGoDuration(info.latency) : "–",
      info.SuccessRatio() * 100, http::EscapeHtml(info.error));
}

}  // namespace

std::string DebugIndexPage(const std::vector<ProbeInfo>& probes, Duration uptime,
                           const std::string& machine) {
  std::string rows;
  for (const ProbeInfo& info : probes) rows += Row(info);
  const std::string body = fmt::format(
      R"(<header><h1>derpprobe debug</h1></header><main><dl><dt>Uptime</dt><dd>{}</dd><dt>Version</dt><dd>{}</dd><dt>Machine</dt><dd>{}</dd><dt>Metrics</dt><dd><a href="/debug/varz">/debug/varz</a>, as JSON <a href="/debug/vars">/debug/vars</a></dd><dt>State</dt><dd><a href="/status.json">/status.json</a></dd></dl><h2>Probes (a name runs it now)</h2><div class="wide" tabindex="0"><table><tr><th scope="col">name</th><th scope="col">class</th><th scope="col">status</th><th scope="col">latency</th><th scope="col">last ten</th><th scope="col">last error</th></tr>{}</table></div></main><footer class="mut"><p><a href="/">status page</a></p></footer>)",
      AgeText(uptime), http::EscapeHtml(cli::Version()), http::EscapeHtml(machine), rows);
  return HtmlDocument("derpprobe debug", "", body);
}

}  // namespace derp::probe
