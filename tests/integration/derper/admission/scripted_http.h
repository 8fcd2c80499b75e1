// An HTTP server of raw bytes, on loopback or a Unix socket: for answers that no good server gives.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "common/net/fd.h"

namespace derp::test {

class ScriptedHttp {
 public:
  struct Reply {
    std::string bytes;
    bool hang = false;  // keeps the connection open afterwards, silently, until the server ends
  };
  // In a thread of the connection, which is closed after the reply.
  using Script = std::function<Reply(const std::string& request)>;

  explicit ScriptedHttp(Script script);                         // on 127.0.0.1
  ScriptedHttp(const std::string& unix_socket, Script script);  // removes what was there
  ~ScriptedHttp();
  ScriptedHttp(const ScriptedHttp&) = delete;
  ScriptedHttp& operator=(const ScriptedHttp&) = delete;

  std::string Url(const std::string& path = "/verify") const;
  std::vector<std::string> requests() const;  // heads and bodies

 private:
  void Accept();
  void Serve(int fd);

  const Script script_;
  net::Fd listener_;
  int port_ = 0;
  mutable Mutex mutex_;
  bool stopping_ DERP_GUARDED_BY(mutex_) = false;
  std::vector<std::string> requests_ DERP_GUARDED_BY(mutex_);
  std::vector<net::Fd> connections_ DERP_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ DERP_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

// A whole response with a Content-Length.
std::string HttpReply(int status, const std::string& body, const std::string& more_headers = {});

}  // namespace derp::test
