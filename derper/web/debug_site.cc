#include "derper/web/debug_site.h"

#include <malloc.h>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "common/base/go_number.h"
#include "common/base/text.h"
#include "common/http/body_stream.h"
#include "common/http/url.h"
#include "common/metrics/prometheus_text.h"
#include "derper/web/debug_index.h"
#include "derper/web/go_vars.h"

namespace derp::relay {
namespace {

http::Response MutexFraction(const http::Request& request) {
  const std::string rate = http::QueryValue(request.query, "rate");
  if (rate.empty() || request.head.headers.Get("Sec-Debug") != "derp") {
    return http::ErrorReply(400,
                            "To set, use: curl -HSec-Debug:derp "
                            "'http://derp/debug/set-mutex-profile-fraction?rate=100'");
  }
  if (!ParseGoInt(rate)) return http::ErrorReply(400, "bad rate value");
  return http::ErrorReply(501, "derper has no mutex profile");
}

// Collects the answers of several checks, however late they come.
struct CheckRound {
  explicit CheckRound(http::Responder answer) : responder(std::move(answer)) {}
  http::Responder responder;
  std::size_t missing = 0;
  std::vector<std::vector<std::string>> problems;  // in the order of the checks

  void Finish() {
    std::vector<std::string> all;
    for (const auto& some : problems) all.insert(all.end(), some.begin(), some.end());
    responder.Send(all.empty() ? http::TextReply("derp.Server ConsistencyCheck okay")
                               : http::ErrorReply(500, Join(all, ", ")));
  }
};

}  // namespace

DebugSite::DebugSite(DebugSettings settings, const http::DebugAccess& access,
                     const SiteParts& parts)
    : settings_(std::move(settings)),
      access_(access),
      registry_(parts.registry),
      clock_(parts.clock),
      started_(clock_.Now()),
      pprof_(parts.loop, settings_.arguments) {
  AddOwnPages();
}

void DebugSite::AddOwnPages() {
  using http::Answering;
  using http::DebugNeed;
  using http::Request;
  const auto varz = Answering([this](const Request&) { return Varz(); });
  router_.Handle("/debug/", [this](Request request, http::Responder responder) {
    if (!access_.Allows(request)) {
      responder.Send(http::ErrorReply(403, "debug access denied"));
    } else {
      responder.Send(request.path == "/debug/" ? Index(request) : http::NotFound());
    }
  });
  Add({.path = "varz", .title = "metrics for Prometheus, as /metrics", .handler = varz});
  router_.Handle("/metrics", [this, page = DebugPage{.path = "", .title = "", .handler = varz}](
                                 Request request, http::Responder responder) {
    Guard(page, std::move(request), std::move(responder));
  });
  Add({.path = "vars",
       .title = "the same as JSON, by Go's names",
       .handler = Answering([this](const Request&) { return Vars(); })});
  Add({.path = "check",
       .title = "consistency check of what the relay holds",
       .handler = [this](const Request&, http::Responder responder) {
         Check(std::move(responder));
       }});
  Add({.path = "pprof/",
       .title = "profiles of CPU time and heap",
       .need = DebugNeed::kPrivate,
       .handler = [this](const Request& request, http::Responder responder) {
         pprof_.Handle(request, std::move(responder));
       }});
  Add({.path = "gc",
       .title = "give free memory back to the system",
       .handler = Answering([this](const Request&) { return CollectGarbage(); })});
  Add({.path = "set-mutex-profile-fraction", .title = "", .handler = Answering(MutexFraction)});
}

void DebugSite::Add(DebugPage page) {
  std::string path = "/debug/" + page.path;
  if (!page.title.empty()) listed_.emplace_back(path, page.title);
  router_.Handle(std::move(path),
                 [this, page = std::move(page)](http::Request request, http::Responder responder) {
                   Guard(page, std::move(request), std::move(responder));
                 });
}

void DebugSite::AddCheck(ConsistencyCheck check) { checks_.push_back(std::move(check)); }

void DebugSite::Handle(http::Request request, http::Responder responder) const {
  router_.Dispatch(std::move(request), std::move(responder));
}

void DebugSite::Guard(const DebugPage& page, http::Request request,
                      http::Responder responder) const {
  if (!access_.Allows(request, page.need)) {
    std::string text = "debug access denied";
    if (settings_.dev) {
      text += "; to permit access, set TS_ALLOW_DEBUG_IP=" + request.remote.ip.ToString();
    }
    responder.Send(http::ErrorReply(403, text));
    return;
  }
  page.handler(std::move(request),
               http::Responder::Before(std::move(responder), [](http::Response& response) {
                 http::AddDebugHeaders(response.headers);
               }));
}

http::Response DebugSite::Index(const http::Request& request) const {
  http::Response response = http::HtmlReply(DebugIndex(
      {.uptime = std::chrono::duration_cast<std::chrono::seconds>(clock_.Now() - started_),
       .now = clock_.WallNow(),
       .version = settings_.version,
       .hostname = settings_.hostname,
       .has_mesh_key = settings_.has_mesh_key,
       .sees_private_pages = access_.Allows(request, http::DebugNeed::kPrivate),
       .links = listed_},
      registry_.Gather()));
  http::AddBrowserHeaders(response.headers);
  return response;
}

http::Response DebugSite::Varz() const {
  http::Response response;
  response.headers.Set("Content-Type", metrics::kPrometheusContentType);
  response.body = metrics::WritePrometheusText(registry_.Gather());
  return response;
}

http::Response DebugSite::Vars() const {
  http::Response response;
  response.headers.Set("Content-Type", "application/json; charset=utf-8");
  response.body = GoVars(registry_.Gather(), settings_.arguments);
  return response;
}

void DebugSite::Check(http::Responder responder) const {
  const auto round = std::make_shared<CheckRound>(std::move(responder));
  round->problems.resize(checks_.size());
  round->missing = checks_.size();
  if (checks_.empty()) round->Finish();
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    checks_[i]([round, i](std::vector<std::string> problems) {
      round->problems[i] = std::move(problems);
      if (--round->missing == 0) round->Finish();
    });
  }
}

// The allocator is asked on a thread of its own: with a large heap that takes a while.
http::Response DebugSite::CollectGarbage() {
  const auto stream = std::make_shared<http::BodyStream>();
  (void)stream->Write("running GC...\n");
  const auto collect = [stream] {
    malloc_trim(0);
    (void)stream->Write("Done.\n");
    stream->End();
  };
  try {
    std::thread(collect).detach();
  } catch (const std::system_error&) {
    collect();
  }
  http::Response response = http::TextReply("");
  response.stream = stream;
  return response;
}

}  // namespace derp::relay
