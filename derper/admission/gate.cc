#include "derper/admission/gate.h"

#include <atomic>
#include <utility>

#include <fmt/format.h>

#include "common/base/text.h"
#include "derper/admission/decision.h"
#include "derper/admission/decision_log.h"
#include "derper/admission/key_files.h"
#include "derper/admission/method_queue.h"
#include "derper/admission/stats.h"
#include "derper/admission/tailscaled_method.h"
#include "derper/admission/url_method.h"

namespace derp::admission {
namespace {

constexpr auto kStartUp = std::chrono::seconds(2);

// A client that is being decided about.
struct Applicant {
  Applicant(relay::AdmissionQuestion asked, relay::AdmissionPort::Answer to, Mode mode,
            std::size_t methods)
      : question(std::move(asked)), answer(std::move(to)), decision(mode, methods) {}

  const relay::AdmissionQuestion question;
  const relay::AdmissionPort::Answer answer;
  Mutex mutex;
  Decision decision DERP_GUARDED_BY(mutex);
};

metrics::Registry::Source SourceOf(std::shared_ptr<const Stats> stats) {
  return [kept = std::move(stats)](std::vector<metrics::Family>& out) { kept->Append(out); };
}

}  // namespace

struct Gate::Impl {
  Impl(const GateOptions& options, const Clock& system_clock, const Logger& log)
      : mode(options.any ? Mode::kAny : Mode::kAll),
        logger(log),
        files(options.allow_file, options.deny_file),
        decision_log(log, system_clock, options.log_limits) {}

  void AddMethod(std::unique_ptr<Method> method) {
    queues.push_back(
        std::make_unique<MethodQueue>(std::move(method), queues.size(), cache, *stats));
  }

  void Decide(const relay::AdmissionQuestion& question, const Decided& decided,
              const relay::AdmissionPort::Answer& answer) {
    stats->CountClient(decided.admitted);
    decision_log.Write(question, decided);
    answer(decided.admitted);
  }

  void DecideByFile(const relay::AdmissionQuestion& question, const KeyFiles::Listed& listed,
                    const relay::AdmissionPort::Answer& answer) {
    stats->CountVerdict(listed.method, listed.verdict);
    Decide(question,
           {.admitted = listed.verdict.outcome == Outcome::kAdmit,
            .reason = listed.verdict.reason,
            .method = listed.method,
            .text = listed.verdict.text},
           answer);
  }

  void OnVerdict(Applicant& applicant, MethodKind method, const Verdict& verdict) {
    std::optional<Decided> decided;
    {
      const MutexLock lock(applicant.mutex);
      decided = applicant.decision.Add(method, verdict);
    }
    if (decided) Decide(applicant.question, *decided, applicant.answer);
  }

  const Mode mode;
  const Logger& logger;
  KeyFiles files;
  DecisionLog decision_log;
  AnswerCache cache;
  const std::shared_ptr<Stats> stats = std::make_shared<Stats>();
  std::atomic<bool> stopped{false};
  StopSignal stop;
  std::vector<std::unique_ptr<MethodQueue>> queues;
  std::unique_ptr<SelfTester> tester;
};

Gate::Gate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Gate::~Gate() {
  Stop();
  impl_->tester.reset();
  impl_->queues.clear();
}

Expected<std::unique_ptr<Gate>, Error> Gate::Make(const GateOptions& options, const Clock& clock,
                                                  const Logger& logger) {
  for (const std::string& url : options.urls) {
    if (auto good = UrlMethod::Check(url); !good) return Fail(std::move(good.error()));
  }
  auto impl = std::make_unique<Impl>(options, clock, logger);
  if (auto read = impl->files.Load(); !read) return Fail(std::move(read.error()));
  const TimePoint patient_until = clock.Now() + kStartUp;
  for (const std::string& socket : options.sockets) {
    impl->AddMethod(std::make_unique<TailscaledMethod>(socket, patient_until, clock));
  }
  for (const std::string& url : options.urls) {
    impl->AddMethod(std::make_unique<UrlMethod>(url, options.fail_open, options.self));
  }
  std::vector<Method*> methods;
  for (const auto& queue : impl->queues) methods.push_back(&queue->method());
  impl->tester = std::make_unique<SelfTester>(std::move(methods), impl->stop);
  return std::unique_ptr<Gate>(new Gate(std::move(impl)));
}

bool Gate::is_open() const { return impl_->queues.empty() && !impl_->files.any(); }

std::string Gate::Describe() const {
  std::vector<std::string> methods;
  for (const auto& queue : impl_->queues) methods.push_back(queue->method().Name());
  std::string text = impl_->files.Describe();
  if (!methods.empty() && !text.empty()) text += ", then ";
  if (methods.size() > 1) text += impl_->mode == Mode::kAny ? "any of " : "all of ";
  return text + Join(methods, ", ");
}

void Gate::Ask(const relay::AdmissionQuestion& question, Answer answer) {
  Impl& impl = *impl_;
  if (impl.stopped) {
    answer(false);
    return;
  }
  if (const auto listed = impl.files.Find(question.key)) {
    impl.DecideByFile(question, *listed, answer);
    return;
  }
  if (impl.queues.empty()) {
    if (const auto listed = impl.files.NotListed()) {
      impl.DecideByFile(question, *listed, answer);
    } else {
      impl.stats->CountClient(true);  // on no list that would keep it out
      answer(true);
    }
    return;
  }
  const auto applicant =
      std::make_shared<Applicant>(question, std::move(answer), impl.mode, impl.queues.size());
  for (const auto& queue : impl.queues) {
    queue->Ask(question, [&impl, applicant, kind = queue->method().kind()](const Verdict& verdict) {
      impl.OnVerdict(*applicant, kind, verdict);
    });
  }
}

Expected<std::string, Error> Gate::Reload() { return impl_->files.Load(); }

void Gate::SelfTest(SelfTestDone done) { impl_->tester->Run(std::move(done)); }

void Gate::LogSelfTest() {
  if (impl_->queues.empty()) return;
  SelfTest([this](const std::vector<SelfTestResult>& results) {
    if (impl_->stopped) return;
    for (const SelfTestResult& result : results) {
      impl_->logger.Write(result.good ? LogLevel::kInfo : LogLevel::kWarn,
                          fmt::format("admission: {}: {}{}", result.method,
                                      result.good ? "" : "self-test failed: ", result.text));
    }
  });
}

void Gate::Stop() {
  if (impl_->stopped.exchange(true)) return;
  impl_->stop.Set();
  for (const auto& queue : impl_->queues) queue->Stop();
}

metrics::Registry::Source Gate::MetricsSource() const { return SourceOf(impl_->stats); }

metrics::Registry::Source Gate::MetricsOfNone() {
  return SourceOf(std::make_shared<const Stats>());
}

}  // namespace derp::admission
