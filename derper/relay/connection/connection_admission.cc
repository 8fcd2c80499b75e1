// A connection between the login and the session: somebody else decides whether the client may
// enter. Nothing is read meanwhile, and what came behind the ClientInfo waits uncut.
#include "derper/relay/connection/connection.h"
#include "derper/relay/worker.h"

namespace derp::relay {

void Connection::StartAdmission(const LoggedIn& login) {
  stage_ = Stage::kAdmission;
  applicant_ = login;
  frames_.Pause();
  SetDeadline(kAdmissionTimeout);
  worker_.AskAdmission(self_, {.key = login.key,
                               .remote = {.ip = peer_.ip.Unmap(), .port = peer_.port},
                               .is_prober = login.is_prober});
}

void Connection::OnAdmission(bool admitted) {
  if (doomed_ || stage_ != Stage::kAdmission) return;
  if (!admitted) {
    Doom();
    return;
  }
  StartSession(*applicant_);
  session_->BeginInput();
  if (!frames_.Resume(*this, worker_.pool()))
    RefuseProtocol(PeerFault::kFrame, "frame out of place");
  UpdateInterest();
}

}  // namespace derp::relay
