// A relay as a child process on loopback, ours or another with the same command line: TLS with a
// self-signed certificate for 127.0.0.1, a mesh key, a key file and a log in a directory of its
// own. What it costs is read from /proc.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

#include "common/base/clock.h"
#include "common/base/socket_address.h"
#include "common/crypto/keys.h"
#include "tests/support/temporary_directory.h"

namespace derp::test {

struct ServerCommand {
  std::string program;
  bool stock = false;  // another program than ours: without the flags and pages only ours has
  std::size_t descriptor_limit = 0;  // 0: the system's
  std::string argument{};            // one more, if any
};

struct Usage {
  std::int64_t memory_kib = 0;  // resident
  std::int64_t peak_kib = 0;    // since ResetPeak()
  double cpu_seconds = 0;       // since the start
  std::size_t descriptors = 0;
};

// One thread. Throws std::runtime_error when the program does not start.
class ServerProcess {
 public:
  explicit ServerProcess(const ServerCommand& command);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const SocketAddress& address() const { return address_; }
  const MeshKey& mesh_key() const { return mesh_key_; }
  Usage ReadUsage() const;
  void ResetPeak() const;
  std::string Log() const;

  // SIGTERM; the exit status, negative for a signal that ended it.
  int Stop();

 private:
  void Spawn(const ServerCommand& command);
  void AwaitListening(bool stock);
  bool EndsBy(TimePoint deadline);

  TemporaryDirectory directory_;
  MeshKey mesh_key_;
  SocketAddress address_;
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace derp::test
