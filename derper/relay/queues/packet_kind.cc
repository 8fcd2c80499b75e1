#include "derper/relay/queues/packet_kind.h"

namespace derp::relay {

std::string_view KindLabel(PacketKind kind) {
  return kind == PacketKind::kDisco ? "disco" : "other";
}

std::string_view ReasonLabel(DropReason reason) {
  switch (reason) {
    case DropReason::kUnknownDest:
      return "unknown_dest";
    case DropReason::kUnknownDestOnForward:
      return "unknown_dest_on_fwd";
    case DropReason::kGoneDisconnected:
      return "gone_disconnected";
    case DropReason::kQueueHead:
      return "queue_head";
    case DropReason::kQueueTail:
      return "queue_tail";
    case DropReason::kWriteError:
      return "write_error";
    case DropReason::kDupClient:
      return "dup_client";
  }
  return "";
}

}  // namespace derp::relay
