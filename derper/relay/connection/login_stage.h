// The server's half of the login without I/O: greeting out, one ClientInfo frame in
// (derp-protocol.md 4.5). Who the client may be is decided here, whether it may enter is not.
#pragma once

#include "common/base/bytes.h"
#include "common/wire/login.h"
#include "derper/relay/connection/frame_stream.h"
#include "derper/relay/connection/stranger_budget.h"
#include "derper/relay/mesh_keys.h"

namespace derp::relay {

struct LoggedIn {
  NodePublic key;
  bool is_mesh = false;
  bool is_prober = false;
};

class LoginStage {
 public:
  // `mesh_keys` may be null: nobody is of the mesh then. All three outlive the stage.
  LoginStage(const NodePrivate& server, const MeshKeys* mesh_keys, StrangerBudget& budget)
      : server_(server), mesh_keys_(mesh_keys), budget_(budget) {}

  // What the client is greeted with: the 101 reply, unless it did not wait for one, and ServerKey.
  static Bytes Greeting(const NodePublic& server, bool fast_start);

  FrameHandler::Verdict OnHeader(const wire::FrameHeader& header);
  Expected<LoggedIn, wire::LoginError> OnClientInfo(ByteView payload);

 private:
  const NodePrivate& server_;
  const MeshKeys* mesh_keys_;
  StrangerBudget& budget_;
  StrangerBudget::Share share_;
};

}  // namespace derp::relay
