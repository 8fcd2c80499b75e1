#include "derpprobe/service/on_demand.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/base/text.h"
#include "common/http/url.h"
#include "common/metrics/prometheus_text.h"

namespace derp::probe {
namespace {

using http::Request;
using http::Responder;
using http::Response;

constexpr int kFailedProbe = 424;  // as the reference

Response JsonReply(std::string text, bool ok) {
  Response response = http::TextReply(std::move(text) + "\n");
  response.headers.Set("Content-Type", "application/json");
  if (!ok) response.status = kFailedProbe;
  return response;
}

bool Succeeded(const ProbeRun& run) { return run.info.status == ProbeStatus::kSucceeded; }

// The reference's text form.
Response TextForm(const ProbeRun& run) {
  const ProbeInfo& info = run.info;
  const std::string outcome =
      Succeeded(run) ? fmt::format("Probe succeeded in {}", FormatGoDuration(info.latency))
                     : fmt::format("Probe failed: {}", info.error);
  Response response = http::TextReply(
      fmt::format("{}\nLast {} probes (including this one): success rate {}%, median latency {}\n",
                  outcome, info.recent_results.size(), static_cast<int>(info.SuccessRatio() * 100),
                  FormatGoDuration(info.MedianLatency())));
  if (!Succeeded(run)) response.status = kFailedProbe;
  return response;
}

Response Busy() {
  Response response = http::ErrorReply(503, "too many probes under way");
  response.headers.Set("Retry-After", "5");
  return response;
}

// "derp/fra" of "derp/fra/5a/tls": probes that one walk serves. Others run by themselves.
std::string WalkOf(const ProbeSpec& spec) {
  const std::string& probe = spec.name;
  const bool walked = spec.probe_class == "tls" || spec.probe_class == "derp_udp" ||
                      spec.probe_class == "derp_mesh";
  if (!walked) return probe;
  const std::size_t code = probe.find('/');
  const std::size_t end = code == std::string::npos ? code : probe.find('/', code + 1);
  return probe.substr(0, end);
}

}  // namespace

OnDemand::OnDemand(OnDemandParts parts)
    : parts_(std::move(parts)),
      target_probe_(
          parts_.context,
          [this](std::string_view node, const diagnosis::StagesAsked& asked) {
            return parts_.prober.WalksFor(node, asked);
          },
          parts_.probe_allow),
      pool_(kAtOnce) {}

OnDemand::~OnDemand() { stopping_ = true; }

void OnDemand::Post(Responder responder, std::function<Response()> work) {
  if (waiting_.fetch_add(1) >= kAtOnce + kWaiting) {
    --waiting_;
    responder.Send(Busy());
    return;
  }
  // The pool wants a copyable function; the responder can only be moved.
  auto shared = std::make_shared<Responder>(std::move(responder));
  pool_.Post([this, shared, work = std::move(work)] {
    shared->Send(stopping_ ? http::ErrorReply(503, "stopping") : work());
    --waiting_;
  });
}

std::optional<ProbeRun> OnDemand::Run(const std::string& name) {
  const auto before = parts_.table.Info(name);
  if (!before || before->spec.interval <= Duration::zero()) return std::nullopt;  // or continuous
  auto after = parts_.prober.RunNow(name);
  if (!after) return std::nullopt;
  // Without a result the record is the one before: that is no success of this run.
  if (after->end == before->end) {
    after->status = ProbeStatus::kFailed;
    after->error = "no result: the prober's own troubles stand in the way, or the probe is off";
  }
  return ProbeRun{std::move(*after), before->SuccessRatio(), before->MedianLatency()};
}

void OnDemand::RunOne(const Request& request, Responder responder) {
  const std::string name = http::QueryValue(request.query, "name");
  if (name.empty()) {
    responder.Send(http::ErrorReply(400, "missing name parameter"));
    return;
  }
  const bool as_json = request.head.headers.Get("Accept") == "application/json";
  Post(std::move(responder), [this, name, as_json] {
    const auto run = Run(name);
    if (!run) return http::ErrorReply(404, fmt::format("unknown probe {}", Shown(name)));
    return as_json ? JsonReply(ProbeRunJson(*run), Succeeded(*run)) : TextForm(*run);
  });
}

void OnDemand::RunAll(const Request& request, Responder responder) {
  Post(std::move(responder), [this, excluded = http::QueryValues(request.query, "exclude")] {
    return AllReply(excluded);
  });
}

Response OnDemand::AllReply(const std::vector<std::string>& excluded) {
  const std::set<std::string> left_out(excluded.begin(), excluded.end());
  std::map<std::string, std::vector<ProbeInfo>> walks;
  for (ProbeInfo& info : parts_.table.All()) {
    if (info.spec.interval <= Duration::zero() || left_out.contains(info.spec.name)) continue;
    walks[WalkOf(info.spec)].push_back(std::move(info));
  }
  {
    diagnosis::WorkerPool runs(kAtOnce * 4);
    for (const auto& [walk, probes] : walks) {
      runs.Post([this, name = probes.front().spec.name] {
        if (!stopping_) (void)parts_.prober.RunNow(name);
      });
    }
  }
  bool ok = true;
  std::map<std::string, std::string> results;
  for (const auto& [walk, probes] : walks) {
    for (const ProbeInfo& before : probes) {
      auto after = parts_.table.Info(before.spec.name);
      if (!after) continue;  // the map changed meanwhile
      const ProbeRun run{std::move(*after), before.SuccessRatio(), before.MedianLatency()};
      ok = ok && Succeeded(run) && run.info.end != before.end;
      results[before.spec.name] = ProbeRunJson(run);
    }
  }
  std::string text;
  for (const auto& [name, result] : results) {
    text += (text.empty() ? "" : ",") + GoJsonQuote(name) + ":" + result;
  }
  return JsonReply(R"({"Results":{)" + text + "}}", ok);
}

void OnDemand::RunTarget(const Request& request, Responder responder) {
  TargetRequest target;
  target.target = http::QueryValue(request.query, "target");
  const std::string module = http::QueryValue(request.query, "module");
  const auto known = ParseProbeModule(module);
  if (target.target.empty() || !known) {
    responder.Send(http::ErrorReply(
        400, target.target.empty()
                 ? "missing target parameter"
                 : fmt::format("unknown module {}: derp, tls, stun or mesh", Shown(module))));
    return;
  }
  const auto& caps = parts_.context.caps;
  target.module = *known;
  target.debug = http::QueryValue(request.query, "debug") == "true";
  target.budget = ScrapeBudget(request.head.headers.Get("X-Prometheus-Scrape-Timeout-Seconds"),
                               caps.walk + caps.mesh);
  Post(std::move(responder), [this, target] {
    TargetAnswer answer = target_probe_.Run(target);
    if (answer.status != 200) return http::ErrorReply(answer.status, answer.text);
    Response response = http::TextReply(std::move(answer.text));
    response.headers.Set("Content-Type", metrics::kPrometheusContentType);
    return response;
  });
}

void OnDemand::Reload(const std::function<Expected<void, Error>()>& reload, Responder responder) {
  Post(std::move(responder), [reload] {
    if (const auto done = reload(); !done) {
      return http::ErrorReply(500, "reload refused: " + done.error().context);
    }
    return http::TextReply("reloaded\n");
  });
}

}  // namespace derp::probe
