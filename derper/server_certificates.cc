// Certificates: where they come from, and the daily meta certificate.
#include "derper/server.h"

namespace derp::relay {

Expected<void, Error> Server::MakeCertificates() {
  if (!plan_.tls) return {};
  if (options_.hostname == Options{}.hostname) {
    logger_.Warn("derper: -hostname is {}, which is not yours; set the name of this relay",
                 options_.hostname);
  }
  auto provider = MakeCertificateProvider({.mode = options_.cert_mode,
                                           .directory = options_.cert_dir,
                                           .hostname = options_.hostname,
                                           .acme_ip_certs = options_.acme_ip_certs,
                                           .server = key_.Public()},
                                          clock_, logger_);
  if (!provider) return Fail(Within("derper: can not start cert provider", provider.error()));
  certificates_ = std::move(*provider);
  watches_.push_back(std::make_unique<FileWatch>(
      certificates_->Files(), [this] { return certificates_->Reload(); },
      [this](const auto& outcome) { reloads_.Tell("certificate", outcome); }, clock_));
  reloads_.Add("certificate", [watch = watches_.back().get()] { return watch->ReloadNow(); });
  return {};
}

void Server::RenewMeta() {
  if (!certificates_) return;
  if (const auto done = certificates_->RenewMeta(); !done) {
    logger_.Error("derper: cannot renew the meta certificate: {}", done.error().context);
  }
}

}  // namespace derp::relay
