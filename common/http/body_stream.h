// A response body given piece by piece, by whoever makes it, to the connection that sends it. What
// the client has not taken yet waits here, bounded. Shared by both sides; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/mutex.h"

namespace derp::http {

// Who drops a response unsent leaves its stream, so that the maker learns of it.
// Sent chunked to HTTP/1.1 clients, ended by closing to older ones. No time limit applies to the
// whole, only to a client that takes nothing.
class BodyStream {
 public:
  static constexpr std::size_t kMostWaiting = std::size_t{256} * 1024;

  // The maker's side. False, and nothing is taken, when there is no room for the piece or the
  // stream is over: the client is slow, or it left.
  bool Write(std::string_view piece);
  void End();         // what was written still goes out
  bool over() const;  // ended, or nobody listens any more: there is no use in making more

  // The connection's side. `wake` is called in the maker's thread, with the stream locked, when
  // there is something to take; it may do no more than post a task.
  void Listen(std::function<void()> wake);
  struct Piece {
    std::string text;
    bool last = false;
  };
  Piece Take();  // all that waits
  void Leave();  // `wake` is not called afterwards

 private:
  mutable Mutex mutex_;
  std::string waiting_ DERP_GUARDED_BY(mutex_);
  bool ended_ DERP_GUARDED_BY(mutex_) = false;
  bool left_ DERP_GUARDED_BY(mutex_) = false;
  std::function<void()> wake_ DERP_GUARDED_BY(mutex_);
};

}  // namespace derp::http
