#include "derper/options.h"

#include <cmath>

#include <fmt/format.h>

#include "common/base/file.h"
#include "common/base/go_number.h"
#include "derper/relay/worker_limit.h"

namespace derp::relay {
namespace {

std::string Lookup(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// As Go's os.UserCacheDir: XDG_CACHE_HOME counts only when it is absolute.
std::string DefaultCertDir(const Environment& environment) {
  constexpr std::string_view kFolder = "/tailscale/derper-certs";
  const std::string cache = Lookup(environment, "XDG_CACHE_HOME");
  if (!cache.empty()) return cache[0] == '/' ? cache + std::string(kFolder) : std::string();
  const std::string home = Lookup(environment, "HOME");
  return home.empty() ? std::string() : home + "/.cache" + std::string(kFolder);
}

std::string DefaultMeshKeyFile(const Environment& environment) {
  const std::string in_home = Lookup(environment, "HOME") + "/keys/derp-mesh.key";
  for (const std::string& path : {std::string("/home/derp/keys/derp-mesh.key"), in_home}) {
    if (FileExists(path)) return path;
  }
  return {};
}

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

void RegisterRelayFlags(cli::FlagSet& flags, Options& options) {
  flags.Bool("dev", &options.dev,
             "try it out: clear text on port 3340, a fresh key, mesh key from "
             "TAILSCALE_DERPER_MESH_KEY");
  flags.Bool("version", &options.version, "print the version and exit");
  flags.Text("c", &options.key_file, "JSON file with the relay's private key; made when missing");
  flags.Bool("derp", &options.derp, "relay for clients; off leaves STUN and the pages");
  flags.Text("home", &options.home,
             "what / shows: empty for a page about this relay, \"blank\", or a URL to redirect to");
  flags.Bool("verify-clients", &options.verify_clients,
             "admit only clients that the local tailscaled knows");
  flags.Text("verify-client-url", &options.verify_client_url,
             "admission controller to ask about each client");
  flags.Bool("verify-client-url-fail-open", &options.verify_client_url_fail_open,
             "admit clients while the admission controller cannot be reached");
  flags.Text("socket", &options.socket, "path of tailscaled's socket for -verify-clients");
  flags.Text("bootstrap-dns-names", &options.bootstrap_dns_names,
             "comma-separated names to publish at /bootstrap-dns");
  flags.Text("unpublished-bootstrap-dns-names", &options.unpublished_bootstrap_dns_names,
             "comma-separated names that /bootstrap-dns gives only when asked for");
  flags.Text("rate-config", &options.rate_config,
             "JSON file with receive limits per client, read again on SIGHUP");
  flags.Bool("ace", &options.ace, "let clients reach the control plane through CONNECT");
}

std::optional<std::string> FindBadValue(const Options& options) {
  const auto bad = [](std::string_view flag, std::string_view value, std::string_view want) {
    return fmt::format("-{}={}: want {}", flag, value, want);
  };
  if (options.tls != "auto" && options.tls != "on" && options.tls != "off") {
    return bad("tls", options.tls, "auto, on or off");
  }
  if (options.stun_mode != "strict" && options.stun_mode != "generic") {
    return bad("stun-mode", options.stun_mode, "strict or generic");
  }
  if (options.workers < 0 || options.workers > std::int64_t{kMaxWorkers}) {
    return bad("workers", std::to_string(options.workers), fmt::format("0 to {}", kMaxWorkers));
  }
  if (options.stun_threads < 1 || options.stun_threads > 256) {
    return bad("stun-threads", std::to_string(options.stun_threads), "1 to 256");
  }
  if (options.stun_port < 0 || options.stun_port > 65535) {
    return bad("stun-port", std::to_string(options.stun_port), "a UDP port");
  }
  if (options.http_port > 65535) {
    return bad("http-port", std::to_string(options.http_port), "a TCP port, or a negative number");
  }
  if (std::isnan(options.accept_limit) || options.accept_limit < 0) {
    return bad("accept-connection-limit", FormatGoFloat(options.accept_limit),
               "connections per second");
  }
  if (options.accept_burst < 0) {
    return bad("accept-connection-burst", std::to_string(options.accept_burst), "0 or more");
  }
  return std::nullopt;
}

std::optional<std::string> FindMissingFeature(const Options& options) {
  const struct {
    bool asked;
    std::string_view flag;
  } features[] = {
      {options.verify_clients, "verify-clients"},
      {!options.verify_client_url.empty(), "verify-client-url"},
      {!options.secrets_url.empty() && !options.dev, "secrets-url"},
      {!options.rate_config.empty(), "rate-config"},
      {!options.bootstrap_dns_names.empty(), "bootstrap-dns-names"},
      {!options.unpublished_bootstrap_dns_names.empty(), "unpublished-bootstrap-dns-names"},
      {options.ace, "ace"},
  };
  for (const auto& feature : features) {
    if (feature.asked) {
      return fmt::format("-{}: this build does not have that feature yet; start without the flag",
                         feature.flag);
    }
  }
  return std::nullopt;
}

}  // namespace

Options DefaultOptions(const Environment& environment) {
  Options options;
  options.cert_dir = DefaultCertDir(environment);
  options.mesh_psk_file = DefaultMeshKeyFile(environment);
  const std::string home = Lookup(environment, "HOME");
  options.secrets_cache_dir = home + (home.empty() ? "" : "/") + ".cache/derper-secrets";
  return options;
}

void RegisterFlags(cli::FlagSet& flags, Options& options) {
  RegisterListenerFlags(flags, options);
  RegisterCertificateFlags(flags, options);
  RegisterMeshFlags(flags, options);
  RegisterRelayFlags(flags, options);
}

std::optional<std::string> FindBadOption(const Options& options) {
  if (auto bad = FindBadValue(options)) return bad;
  return FindMissingFeature(options);
}

}  // namespace derp::relay
