// Flags of the reference whose classes this version does not measure yet. They are parsed, so that
// a command line of the reference is judged flag by flag, and asking for the class is refused in
// words instead of being passed over in silence.
#pragma once

#include <optional>
#include <string>

#include "common/cli/flags.h"

namespace derp::probe {

class ReservedFlags {
 public:
  // The object must outlive the parsing.
  void Register(cli::FlagSet& flags);

  // What is asked for and missing; empty when the values ask for nothing.
  std::optional<std::string> Complaint() const;

 private:
  Duration bw_interval_{};
  std::int64_t bw_probe_size_bytes_ = 1'000'000;
  std::string bw_tun_ipv4_addr_;
  std::int64_t qd_packets_per_second_ = 0;
  Duration qd_packet_timeout_ = std::chrono::seconds(5);
  std::string secrets_url_;
  std::string secrets_path_prefix_ = "prod/derp";
  std::string secrets_cache_dir_;
};

}  // namespace derp::probe
