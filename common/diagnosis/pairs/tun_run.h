// One bandwidth measurement of a pair with TCP over the relays, as a real client has it: the
// packets of a TUN device go through the pair and come back to it (derpprobe.md 5.6). Belongs to
// the loop's thread.
#pragma once

#include <memory>
#include <optional>

#include "common/diagnosis/pairs/pair_links.h"
#include "common/diagnosis/pairs/transfer_run.h"
#include "common/diagnosis/pairs/tun_device.h"

namespace derp::diagnosis {

class TunRun final : public PairRun {
 public:
  // `asked.tun` is set. Where no device can be made, the report is `skipped` with the code
  // prober.tun.
  TunRun(LinkHost& host, const PairTask& task, const TransferAsked& asked, TransferDone done);
  ~TunRun() override;

  void Start();

 private:
  void OpenDevice();
  void OnDevice(Expected<TunEnds, Error>& ends);
  void ReadDevice();
  void WriteDevice(ByteView packet);
  void AcceptReader();
  void OnClientWritable();
  void OnReader();
  void Finish(std::optional<Error> error);
  void Fails(std::string_view doing, int error_number);

  LinkHost& host_;
  const TransferAsked asked_;
  TransferDone done_;
  TransferReport report_;
  PairLinks links_;
  net::Timer deadline_timer_;
  std::shared_ptr<TunRun*> self_;  // for the device under way: null once the run is gone
  TunEnds ends_;
  net::Fd reader_;
  Bytes chunk_;  // what the writer repeats
  std::int64_t written_ = 0;
  bool finished_ = false;
  TimePoint started_;
  std::optional<TimePoint> began_;  // the timed section
  // Of the descriptors above: they go first.
  std::unique_ptr<net::IoWatcher> device_watcher_;
  std::unique_ptr<net::IoWatcher> listen_watcher_;
  std::unique_ptr<net::IoWatcher> client_watcher_;
  std::unique_ptr<net::IoWatcher> reader_watcher_;
};

}  // namespace derp::diagnosis
