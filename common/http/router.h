// Which handler serves a path, by the rules of Go's ServeMux (derper.md 2.4): exact paths, subtrees
// ("/debug/"), the longest pattern wins, host and method do not matter. Build it once, then share
// it between threads.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/request.h"
#include "common/http/responder.h"

namespace derp::http {

using Handler = std::function<void(Request, Responder)>;

// A handler that answers at once.
Handler Answering(std::function<Response(const Request&)> handler);

class Router {
 public:
  // A pattern that ends in '/' serves all paths below it.
  void Handle(std::string pattern, Handler handler);

  // Redirects unclean paths (301) and "/debug" to "/debug/" (307), answers 404 where nothing fits.
  void Dispatch(Request request, Responder responder) const;

 private:
  struct Route {
    std::string pattern;
    Handler handler;
  };
  const Route* Find(std::string_view path) const;

  std::vector<Route> routes_;
};

}  // namespace derp::http
