#include "derpprobe/options/reserved_flags.h"

namespace derp::probe {

void ReservedFlags::Register(cli::FlagSet& flags) {
  flags.DurationFlag("bw-interval", &bw_interval_, "interval of the bandwidth probes; 0 is off");
  flags.Int("bw-probe-size-bytes", &bw_probe_size_bytes_, "bytes of one bandwidth probe");
  flags.Text("bw-tun-ipv4-addr", &bw_tun_ipv4_addr_,
             "measure bandwidth by TCP over a TUN device with this address");
  flags.Int("qd-packets-per-second", &qd_packets_per_second_,
            "packets of the queuing-delay probes; 0 is off");
  flags.DurationFlag("qd-packet-timeout", &qd_packet_timeout_,
                     "age at which a queuing-delay packet counts as dropped");
  flags.Text("secrets-url", &secrets_url_, "setec server to fetch the mesh key from");
  flags.Text("secrets-path-prefix", &secrets_path_prefix_, "prefix of the secret's name");
  flags.Text("secrets-cache-dir", &secrets_cache_dir_, "file that caches the secret");
}

std::optional<std::string> ReservedFlags::Complaint() const {
  if (bw_interval_ > Duration::zero() && bw_probe_size_bytes_ > 0) {
    return "-bw-interval: bandwidth probes are not in this version";
  }
  if (qd_packets_per_second_ > 0) {
    return "-qd-packets-per-second: queuing-delay probes are not in this version";
  }
  if (!secrets_url_.empty()) {
    return "-secrets-url: a secrets server is not in this version; use -mesh-psk-file";
  }
  return std::nullopt;
}

}  // namespace derp::probe
