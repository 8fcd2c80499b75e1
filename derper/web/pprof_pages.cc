#include "derper/web/pprof_pages.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "common/base/go_number.h"
#include "common/base/text.h"
#include "common/http/url.h"
#include "derper/profiling/heap_profile.h"
#include "derper/web/pages.h"

namespace derp::relay {
namespace {

constexpr std::string_view kRoot = "/debug/pprof/";
constexpr std::int64_t kUsualSeconds = 30;
constexpr std::int64_t kMostSeconds = 300;

// What Go's runtime can tell about itself and a C++ program cannot.
constexpr std::array<std::string_view, 7> kGoOnly = {"allocs", "block",        "goroutine", "mutex",
                                                     "symbol", "threadcreate", "trace"};

http::Response Download(std::string body, std::string_view file_name) {
  http::Response response{.body = std::move(body)};
  response.headers.Set("Content-Type", "application/octet-stream");
  response.headers.Set("Content-Disposition",
                       fmt::format("attachment; filename=\"{}\"", file_name));
  return response;
}

http::Response Index() {
  return http::HtmlReply(Page(
      "derper profiles",
      "<header><h1>derper profiles</h1></header>\n<main>\n" +
          LinkList(
              {{.href = "profile?seconds=30",
                .name = "profile",
                .text = "where CPU time goes, over so many seconds (300 at most, one profile at "
                        "a time)"},
               {.href = "heap",
                .name = "heap",
                .text = "what lives on the heap, by where it was allocated (a sample)"},
               {.href = "cmdline",
                .name = "cmdline",
                .text = "the command line, without secrets"}}) +
          "<h2>How to read one</h2>\n<p>Save it, and give it to the tool of package "
          "google-perftools together with the program:</p>\n"
          "<p><code>google-pprof --text $(which derper) profile</code></p>\n"
          "<p class=\"mut\">What only Go's runtime has (allocs, block, goroutine, mutex, symbol, "
          "threadcreate, trace) is answered with 501.</p>\n</main>\n"));
}

}  // namespace

PprofPages::PprofPages(net::EventLoop& loop, std::vector<std::string> arguments)
    : arguments_(std::move(arguments)), timer_(loop, [this] { FinishCpuProfile(); }) {}

void PprofPages::Handle(const http::Request& request, http::Responder responder) {
  const std::string_view name = std::string_view(request.path).substr(kRoot.size());
  if (name.empty()) {
    responder.Send(Index());
  } else if (name == "cmdline") {
    // As Go: the arguments with a NUL between them.
    std::string line;
    for (const std::string& argument : arguments_) {
      if (!line.empty()) line += '\0';
      line += argument;
    }
    http::Response response = http::TextReply(std::move(line));
    responder.Send(std::move(response));
  } else if (name == "profile") {
    TakeCpuProfile(request, std::move(responder));
  } else if (name == "heap") {
    auto profile = HeapProfile();
    responder.Send(profile ? Download(std::move(*profile), "heap")
                           : http::ErrorReply(501, profile.error().context));
  } else if (std::find(kGoOnly.begin(), kGoOnly.end(), name) != kGoOnly.end()) {
    responder.Send(http::ErrorReply(
        501, fmt::format("{} is a profile of Go's runtime, which derper does not have", name)));
  } else {
    responder.Send(http::ErrorReply(404, "Unknown profile"));
  }
}

void PprofPages::TakeCpuProfile(const http::Request& request, http::Responder responder) {
  // As Go: what is no positive number means the usual time.
  const auto given = ParseGoInt(http::QueryValue(request.query, "seconds"));
  const std::int64_t seconds = given && *given > 0 ? *given : kUsualSeconds;
  if (!CpuProfiler::available()) {
    responder.Send(http::ErrorReply(501, profiler_.Start().error().context));
    return;
  }
  if (seconds > kMostSeconds) {
    responder.Send(
        http::ErrorReply(400, fmt::format("a CPU profile takes {} s at most", kMostSeconds)));
    return;
  }
  if (auto started = profiler_.Start(); !started) {
    responder.Send(
        http::ErrorReply(500, "Could not enable CPU profiling: " + started.error().context));
    return;
  }
  asker_.emplace(std::move(responder));
  timer_.Start(std::chrono::seconds(seconds));
}

void PprofPages::FinishCpuProfile() {
  auto profile = profiler_.Stop();
  asker_->Send(profile ? Download(std::move(*profile), "profile")
                       : http::ErrorReply(500, profile.error().context));
  asker_.reset();
}

}  // namespace derp::relay
