// The relay's command line (derper.md 1.2): values as given, defaults as documented. What they lead
// to is decided in listen_plan.h and by the parts that use them.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/cli/flags.h"

namespace derp::relay {

struct Options {
  bool version = false;
  bool dev = false;

  // Listeners.
  std::string address = ":443";
  std::int64_t http_port = 80;
  std::string tls = "auto";
  bool stun = true;
  std::int64_t stun_port = 3478;
  std::int64_t stun_threads = 1;
  std::string stun_mode = "strict";
  std::int64_t workers = 0;
  std::string debug_address;        // empty: the debug pages are on the other listeners
  std::string proxy_protocol_from;  // list of addresses and blocks

  // Certificates.
  std::string cert_mode = "letsencrypt";
  std::string cert_dir;
  std::string hostname = "derp.tailscale.com";
  std::string acme_email;
  std::string acme_eab_kid;
  std::string acme_eab_key;
  bool acme_ip_certs = false;

  // The relay.
  std::string key_file;
  bool derp = true;
  std::string home;
  std::string mesh_psk_file;
  std::string mesh_with;
  std::string mesh_ca_file;
  std::string secrets_url;
  std::string secrets_path_prefix = "prod/derp";
  std::string secrets_cache_dir;
  bool verify_clients = false;
  std::string verify_client_url;  // list
  bool verify_client_url_fail_open = true;
  std::string socket;  // list
  std::string verify_mode = "all";
  std::string verify_allow_file;
  std::string verify_deny_file;
  std::string bootstrap_dns_names;
  std::string unpublished_bootstrap_dns_names;
  bool ace = false;
  std::string state_dir;  // empty: nothing outlives the process but the key

  // Limits.
  double accept_limit = std::numeric_limits<double>::infinity();
  std::int64_t accept_burst = std::numeric_limits<std::int64_t>::max();
  std::string rate_config;
  Duration tcp_keepalive_time = std::chrono::minutes(10);
  Duration tcp_user_timeout = std::chrono::seconds(15);
  Duration tcp_write_timeout = std::chrono::seconds(2);

  std::string log_format = "text";

  // Where the settings come from.
  std::string config;
  bool check_config = false;
  bool print_config = false;
  std::vector<cli::FlagInForce> in_force;  // after ParseOptions(): every flag's value and origin
};

using Environment = std::map<std::string, std::string>;

// Defaults that depend on the machine: -certdir, -mesh-psk-file and -secrets-cache-dir follow HOME
// and XDG_CACHE_HOME.
Options DefaultOptions(const Environment& environment);

// `options` outlives `flags` and holds the defaults.
void RegisterFlags(cli::FlagSet& flags, Options& options);

// Flag > environment DERPER_* > -config FILE > default. `program` is argv[0]. kExit with code 2 and
// a message also for what is wrong with the file.
cli::ParseResult ParseOptions(const std::string& program, const std::vector<std::string>& args,
                              const Environment& environment, Options& options);

// -print-config: a settings file that says the same, each line with the value's origin. Passwords
// in URLs and the key of the external account binding are left out.
std::string ShownConfig(const Options& options);

// The entries of a value that is a comma-separated list, without blanks; empty ones are left out.
std::vector<std::string> ListItems(std::string_view text);

// What is wrong with the values themselves, or asks for a feature that this build does not have:
// starting anyway would ignore it silently. A sentence that names the flag; empty when all is well.
std::optional<std::string> FindBadOption(const Options& options);

}  // namespace derp::relay
