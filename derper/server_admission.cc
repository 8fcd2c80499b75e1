// Who may use the relay: -verify-clients, -verify-client-url and the key files.
#include "derper/admission/default_socket.h"
#include "derper/server.h"

namespace derp::relay {

Expected<void, Error> Server::StartAdmission() {
  admission::GateOptions gate{.fail_open = options_.verify_client_url_fail_open,
                              .any = options_.verify_mode == "any",
                              .allow_file = options_.verify_allow_file,
                              .deny_file = options_.verify_deny_file,
                              .self = key_.Public()};
  gate.urls = ListItems(options_.verify_client_url);
  if (options_.verify_clients) {
    gate.sockets = ListItems(options_.socket);
    if (gate.sockets.empty()) {
      const auto major = environment_.find("SYNOPKG_DSM_VERSION_MAJOR");
      gate.sockets.push_back(admission::DefaultTailscaledSocket(
          "/", major == environment_.end() ? "" : major->second));
    }
  }
  auto made = admission::Gate::Make(gate, clock_, logger_);
  if (!made) return Fail(Within("derper", made.error()));
  if ((*made)->is_open()) return {};
  gate_ = std::move(*made);
  logger_.Info("admission: asking {}", gate_->Describe());
  gate_->LogSelfTest();
  if (!gate.allow_file.empty() || !gate.deny_file.empty()) {
    reloads_.Add("admission", [this] { return gate_->Reload(); });
  }
  return {};
}

}  // namespace derp::relay
