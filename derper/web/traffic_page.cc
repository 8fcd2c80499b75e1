#include "derper/web/traffic_page.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/http/response.h"
#include "common/http/url.h"
#include "derper/web/pages.h"
#include "derper/web/traffic_view.h"

namespace derp::relay {
namespace {

constexpr auto kTick = std::chrono::seconds(2);

// As the Go program prints it: bytes of the TCP connection so far, as the relay sees them.
std::string Line(const ClientFigures& client) {
  std::string out = fmt::format("{{\"Sent\":{},\"Recv\":{},\"Key\":\"{}\"", client.wire_out,
                                client.wire_in, client.key.ToString());
  if (client.distinct_senders > 0) {
    out += fmt::format(",\"UniqueSenders\":{}", client.distinct_senders);
  }
  return out + "}\n";
}

}  // namespace

TrafficPages::TrafficPages(TrafficPort& port, Limits* limits, net::EventLoop& control,
                           const Clock& clock)
    : port_(port), limits_(limits), clock_(clock), timer_(control, [this] { Tick(); }) {}

void TrafficPages::Handle(const http::Request& request, http::Responder responder) {
  std::string format = http::QueryValue(request.query, "format");
  if (format.empty() && request.path.ends_with("/top")) format = "html";
  if (format == "json" || format == "html") {
    SendSnapshot(request, format == "html", std::move(responder));
  } else if (format.empty() || format == "stream") {
    StartStream(std::move(responder));
  } else {
    responder.Send(http::ErrorReply(400, "format is one of stream, json, html"));
  }
}

void TrafficPages::SendSnapshot(const http::Request& request, bool html,
                                http::Responder responder) {
  const auto query = ParseTrafficQuery(request.query);
  if (!query) {
    responder.Send(http::ErrorReply(400, query.error()));
    return;
  }
  // A function must be copyable, a responder is not.
  auto way_back = std::make_shared<http::Responder>(std::move(responder));
  port_.Collect([&clock = clock_, limits = limits_, query = *query, html,
                 way_back](const TrafficSnapshot& snapshot) {
    TrafficView view = MakeTrafficView(snapshot, query, clock.WallNow());
    for (const ClientFigures& client : view.clients) {
      if (limits != nullptr) view.limits.push_back(limits->Usage(client.key));
    }
    http::Response response;
    if (html) {
      response = http::HtmlReply(Page("derper traffic", TrafficHtml(view)));
    } else {
      response.headers.Set("Content-Type", "application/json; charset=utf-8");
      response.body = TrafficJson(view);
    }
    response.headers.Set("Cache-Control", "no-store");
    way_back->Send(std::move(response));
  });
}

void TrafficPages::StartStream(http::Responder responder) {
  std::erase_if(streams_, [](const Stream& stream) { return stream.body->over(); });
  if (streams_.size() >= kMaxStreams) {
    responder.Send(http::ErrorReply(503, "too many watch the traffic already"));
    return;
  }
  http::Response response;
  response.headers.Set("Content-Type", "text/plain; charset=utf-8");
  response.stream = std::make_shared<http::BodyStream>();
  streams_.push_back({.body = response.stream, .before = {}});
  responder.Send(std::move(response));
  timer_.Start(Duration::zero(), kTick);
}

void TrafficPages::Tick() {
  std::erase_if(streams_, [](const Stream& stream) { return stream.body->over(); });
  if (streams_.empty()) {
    timer_.Stop();
    return;
  }
  port_.Collect([this, alive = std::weak_ptr(alive_)](const TrafficSnapshot& snapshot) {
    if (!alive.expired()) WriteTick(snapshot);
  });
}

void TrafficPages::WriteTick(const TrafficSnapshot& snapshot) {
  for (Stream& stream : streams_) {
    std::vector<std::pair<std::uint64_t, const ClientFigures*>> active;
    Totals now;
    for (const ClientFigures& client : snapshot.clients) {
      const std::uint64_t total = client.wire_in + client.wire_out;
      const auto before = stream.before.find(client.connection);
      const std::uint64_t grown = before == stream.before.end() ? total : total - before->second;
      if (grown > 0) active.emplace_back(grown, &client);
      now.emplace(client.connection, total);
    }
    stream.before = std::move(now);
    std::ranges::stable_sort(active, std::ranges::greater(), [](const auto& a) { return a.first; });
    if (active.size() > kMaxLines) active.resize(kMaxLines);
    std::string text;
    for (const auto& [grown, client] : active) text += Line(*client);
    // A client that is slow to read misses ticks; the totals make up for it.
    (void)stream.body->Write(text + "\n");
  }
}

}  // namespace derp::relay
