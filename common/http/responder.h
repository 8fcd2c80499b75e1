// The way back for one response. May be kept, moved to another thread and used there once. When it
// is dropped unused, the client gets a 500, so no request stays without an answer.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "common/http/response.h"

namespace derp::http {

class Responder {
 public:
  // `send` is called at most once, on the thread that answers.
  explicit Responder(std::function<void(Response)> send) : send_(std::move(send)) {}
  Responder(Responder&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}
  Responder& operator=(Responder&&) = delete;
  ~Responder() {
    if (send_) send_(ErrorReply(500, "internal error: no reply"));
  }

  // A responder that lets `change` see the response before it goes to `next`.
  static Responder Before(Responder next, std::function<void(Response&)> change) {
    return Responder([shared = std::make_shared<Responder>(std::move(next)),
                      change = std::move(change)](Response response) {
      change(response);
      shared->Send(std::move(response));
    });
  }

  void Send(Response response) { std::exchange(send_, nullptr)(std::move(response)); }

 private:
  std::function<void(Response)> send_;
};

}  // namespace derp::http
