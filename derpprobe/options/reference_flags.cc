#include "derpprobe/options/flag_groups.h"

namespace derp::probe {

namespace {

void RegisterClasses(cli::FlagSet& flags, Options& options) {
  flags.DurationFlag("mesh-interval", &options.mesh_interval,
                     "interval of the mesh probes; 0 switches them off");
  flags.DurationFlag("stun-interval", &options.stun_interval,
                     "interval of the STUN probes; 0 switches them off");
  flags.DurationFlag("tls-interval", &options.tls_interval,
                     "interval of the TLS probes; 0 switches them off");
  flags.DurationFlag("bw-interval", &options.bw_interval,
                     "interval of the bandwidth probes; 0 switches them off");
  flags.Int("bw-probe-size-bytes", &options.bw_probe_size, "bytes of one bandwidth probe");
  flags.Text("bw-tun-ipv4-addr", &options.bw_tun_address,
             "measure bandwidth by TCP over a TUN device with this address");
  flags.Int("qd-packets-per-second", &options.qd_packets_per_second,
            "packets of the queuing-delay probes; 0 switches them off");
  flags.DurationFlag("qd-packet-timeout", &options.qd_packet_timeout,
                     "age at which a queuing-delay packet counts as dropped");
}

void RegisterSecrets(cli::FlagSet& flags, Options& options) {
  flags.Text("mesh-psk-file", &options.mesh_psk_file,
             "file with the mesh key: 64 hexadecimal digits");
  flags.Text("secrets-url", &options.secrets_url, "setec server to fetch the mesh key from");
  flags.Text("secrets-path-prefix", &options.secrets_path_prefix, "prefix of the secret's name");
  flags.Text("secrets-cache-dir", &options.secrets_cache_file, "file that caches the secret");
}

}  // namespace

void RegisterReferenceFlags(cli::FlagSet& flags, Options& options) {
  flags.Bool("dev", &options.dev,
             "take the mesh key from the environment variable TAILSCALE_DERPER_MESH_KEY");
  flags.List("derp-map", &options.derp_map,
             "source of the DERP map: http(s) or file URL, path, or 'local' for tailscaled; may "
             "repeat (default \"https://login.tailscale.com/derpmap/default\")");
  flags.Bool("version", &options.version, "print the version and exit");
  flags.Text("listen", &options.listen, "address of the HTTP service");
  flags.Bool("once", &options.once, "run every probe once, print the report, and exit");
  flags.Bool("spread", &options.spread, "spread the first runs of the probes over their interval");
  flags.DurationFlag("interval", &options.interval, "how often the map is read again");
  flags.List("region-code", &options.region_codes,
             "probe these regions only, by code or number; may repeat or hold commas");
  RegisterClasses(flags, options);
  RegisterSecrets(flags, options);
}

}  // namespace derp::probe
