#include "common/http/router.h"

#include <algorithm>
#include <optional>

#include "common/base/result.h"
#include "common/http/url.h"

namespace derp::http {
namespace {

std::string WithQuery(std::string path, const std::string& query) {
  if (!query.empty()) path += "?" + query;
  return path;
}

}  // namespace

Handler Answering(std::function<Response(const Request&)> handler) {
  return [handler = std::move(handler)](const Request& request, Responder responder) {
    responder.Send(handler(request));
  };
}

void Router::Handle(std::string pattern, Handler handler) {
  const bool known = std::any_of(routes_.begin(), routes_.end(),
                                 [&](const Route& route) { return route.pattern == pattern; });
  Check(pattern.starts_with('/') && !known, "a route's pattern must start with '/' and be new");
  routes_.push_back(Route{std::move(pattern), std::move(handler)});
}

const Router::Route* Router::Find(std::string_view path) const {
  const Route* best = nullptr;
  for (const Route& route : routes_) {
    const bool subtree = route.pattern.ends_with('/');
    const bool fits = subtree ? path.starts_with(route.pattern) : path == route.pattern;
    if (fits && (best == nullptr || route.pattern.size() > best->pattern.size())) best = &route;
  }
  return best;
}

void Router::Dispatch(Request request, Responder responder) const {
  if (request.method() != "CONNECT" && request.path != "*") {
    const auto target = ParseTarget(request.head.target);
    const std::string clean = CleanPath(target ? target->raw_path : "/");
    if (target && clean != target->raw_path) {
      responder.Send(Redirect(request.method(), 301, WithQuery(clean, request.query)));
      return;
    }
    const Route* route = Find(request.path);
    const Route* below = Find(request.path + "/");
    const bool lacks_slash = below != nullptr && below->pattern == request.path + "/";
    if (lacks_slash && (route == nullptr || route->pattern != request.path)) {
      responder.Send(Redirect(request.method(), 307, WithQuery(clean + "/", request.query)));
      return;
    }
    if (route != nullptr) {
      route->handler(std::move(request), std::move(responder));
      return;
    }
  }
  responder.Send(NotFound());
}

}  // namespace derp::http
