// The names of the settings, and what -h says about them.
#include "derper/options.h"

namespace derp::relay {
namespace {

void RegisterListenerFlags(cli::FlagSet& flags, Options& options) {
  flags.Text("a", &options.address,
             "where to serve HTTPS and DERP, as [host]:port; clear text on another port than 443 "
             "unless -certmode is manual or -tls is on");
  flags.Int("http-port", &options.http_port,
            "port of the plain HTTP listener beside TLS, which answers captive-portal checks and "
            "redirects the rest; negative for none");
  flags.Text("tls", &options.tls,
             "auto, on or off: serve TLS on port 443 and with -certmode=manual, always, or never "
             "(behind a TLS front)");
  flags.Bool("stun", &options.stun, "answer STUN requests");
  flags.Int("stun-port", &options.stun_port, "UDP port for STUN, on the host of -a");
  flags.Int("stun-threads", &options.stun_threads, "threads that answer STUN");
  flags.Text("stun-mode", &options.stun_mode,
             "strict answers Tailscale's clients only, generic any STUN client");
  flags.Text(
      "debug-addr", &options.debug_address,
      "where else to serve the debug pages, as [host]:port; they then leave -a and the plain "
      "HTTP listener");
  flags.Text("proxy-protocol-from", &options.proxy_protocol_from,
             "comma-separated addresses or blocks whose connections must begin with a PROXY head "
             "(version 1 or 2), which tells the client's address");
  flags.Int("workers", &options.workers, "threads that relay; 0 for one per usable core");
  flags.Float("accept-connection-limit", &options.accept_limit,
              "TLS connections accepted per second; +Inf for no limit");
  flags.Int("accept-connection-burst", &options.accept_burst,
            "TLS connections accepted at once before -accept-connection-limit counts");
  flags.DurationFlag("tcp-keepalive-time", &options.tcp_keepalive_time,
                     "idle time before TCP asks whether the peer is still there");
  flags.DurationFlag("tcp-user-timeout", &options.tcp_user_timeout,
                     "how long sent data may stay unacknowledged before TCP gives up");
  flags.DurationFlag("tcp-write-timeout", &options.tcp_write_timeout,
                     "how long a client may accept nothing before it is cut off; 0 for no limit");
}

void RegisterCertificateFlags(cli::FlagSet& flags, Options& options) {
  flags.Text("certmode", &options.cert_mode,
             "where certificates come from: letsencrypt, gcp or manual (files in -certdir; made "
             "for a -hostname that is an IP address)");
  flags.Text("certdir", &options.cert_dir, "directory of certificates and keys");
  flags.Text("hostname", &options.hostname,
             "name in the certificate; an IP address with -certmode=manual");
  flags.Text("acme-email", &options.acme_email, "contact address for the ACME account");
  flags.Text("acme-eab-kid", &options.acme_eab_kid, "key id of the external account binding");
  flags.Text("acme-eab-key", &options.acme_eab_key,
             "key of the external account binding, in base64");
  flags.Bool("acme-ip-certs", &options.acme_ip_certs,
             "get certificates for the addresses that clients connect to; with "
             "-certmode=letsencrypt");
}

void RegisterMeshFlags(cli::FlagSet& flags, Options& options) {
  flags.Text("mesh-psk-file", &options.mesh_psk_file,
             "file with the mesh key, 64 hex digits; in this order also "
             "/home/derp/keys/derp-mesh.key and $HOME/keys/derp-mesh.key");
  flags.Text("mesh-with", &options.mesh_with,
             "comma-separated relays of this region to mesh with, as host or host/dial-host; this "
             "relay itself may be among them");
  flags.Text("mesh-ca-file", &options.mesh_ca_file,
             "PEM file of certificates to trust in mesh peers beside the system's, self-signed "
             "ones included");
  flags.Text("secrets-url", &options.secrets_url, "setec server that has the mesh key");
  flags.Text("secrets-path-prefix", &options.secrets_path_prefix,
             "prefix of the secret's name; /meshkey follows");
  flags.Text("secrets-cache-dir", &options.secrets_cache_dir, "cache file for the setec server");
}

void RegisterAdmissionFlags(cli::FlagSet& flags, Options& options) {
  flags.Bool("verify-clients", &options.verify_clients,
             "admit only clients that the local tailscaled knows");
  flags.Text("verify-client-url", &options.verify_client_url,
             "admission controllers to ask about each client, as comma-separated URLs");
  flags.Bool("verify-client-url-fail-open", &options.verify_client_url_fail_open,
             "admit clients while the admission controller cannot be reached");
  flags.Text("socket", &options.socket,
             "comma-separated paths of tailscaled's sockets for -verify-clients");
  flags.Text("verify-mode", &options.verify_mode,
             "all or any: whether every way of verification must admit a client, or one is enough");
  flags.Text("verify-allow-file", &options.verify_allow_file,
             "file of node keys, one to a line, that are admitted without being asked about");
  flags.Text("verify-deny-file", &options.verify_deny_file,
             "file of node keys, one to a line, that are never admitted");
}

void RegisterRelayFlags(cli::FlagSet& flags, Options& options) {
  flags.Bool("dev", &options.dev,
             "try it out: clear text on port 3340, a fresh key, mesh key from "
             "TAILSCALE_DERPER_MESH_KEY");
  flags.Bool("version", &options.version, "print the version and exit");
  flags.Text("c", &options.key_file, "JSON file with the relay's private key; made when missing");
  flags.Bool("derp", &options.derp, "relay for clients; off leaves STUN and the pages");
  flags.Text("home", &options.home,
             "what / shows: empty for a page about this relay, \"blank\", or a URL to redirect to");
  flags.Text("bootstrap-dns-names", &options.bootstrap_dns_names,
             "comma-separated names to publish at /bootstrap-dns");
  flags.Text("unpublished-bootstrap-dns-names", &options.unpublished_bootstrap_dns_names,
             "comma-separated names that /bootstrap-dns gives only when asked for");
  flags.Text("rate-config", &options.rate_config,
             "JSON file with receive limits per client, read again on SIGHUP");
  flags.Text("state-dir", &options.state_dir,
             "directory for what outlives a restart, such as daily quotas; made when missing");
  flags.Bool("ace", &options.ace, "let clients reach the control plane through CONNECT");
}

void RegisterConfigFlags(cli::FlagSet& flags, Options& options) {
  flags.Text("log-format", &options.log_format,
             "text for lines as Go's, or json for one object to a line");
  flags.Text("config", &options.config,
             "file of settings, YAML or JSON, whose names are those of the flags; flags and "
             "environment win");
  flags.Bool("check-config", &options.check_config,
             "check the settings and the files they name, without serving, and exit");
  flags.Bool("print-config", &options.print_config,
             "print the settings in force and where each comes from, and exit");
}

}  // namespace

void RegisterFlags(cli::FlagSet& flags, Options& options) {
  RegisterListenerFlags(flags, options);
  RegisterCertificateFlags(flags, options);
  RegisterMeshFlags(flags, options);
  RegisterAdmissionFlags(flags, options);
  RegisterRelayFlags(flags, options);
  RegisterConfigFlags(flags, options);
}

}  // namespace derp::relay
