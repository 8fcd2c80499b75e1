#include "derpprobe/maps/map_sources.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "common/base/go_duration.h"
#include "common/base/text.h"
#include "common/derpmap/reader.h"
#include "common/derpmap/source.h"

namespace derp::probe {
namespace {

derpmap::Note AboutMap(std::string code, std::string fact, const std::string& source) {
  derpmap::Note note;
  note.code = std::move(code);
  note.fact = std::move(fact);
  if (!source.empty()) note.data["source"] = source;
  return note;
}

void Append(std::string& text, std::string_view more) {
  if (!text.empty()) text += "; ";
  text += more;
}

std::string WholeSeconds(Duration duration) {
  return FormatGoDuration(std::chrono::duration_cast<std::chrono::seconds>(duration));
}

// `Get "URL": what happened` to what happened: the URL may hold a secret, and the source is named
// anyway.
std::string WithoutUrl(std::string text) {
  constexpr std::string_view kStart = "Get \"";
  const std::size_t end = text.find("\": ");
  if (!text.starts_with(kStart) || end == std::string::npos) return text;
  return text.substr(end + 3);
}

// Enough to tell a text from the one before it.
using Fingerprint = std::pair<std::size_t, std::size_t>;

Fingerprint FingerprintOf(std::string_view text) {
  return {text.size(), std::hash<std::string_view>{}(text)};
}

}  // namespace

struct MapSources::Source {
  std::string text;  // as on the command line
  Expected<derpmap::MapSource, Error> where;
  std::string shown;
  MapValidators validators{};
  std::optional<Fingerprint> fingerprint{};  // of the last good text
  std::optional<derpmap::MapDocument> document{};
  std::optional<TimePoint> good{};  // the last good answer
  std::optional<WallTime> fetched{};
  std::string failure{};  // of the last try
  bool no_map = false;    // the last try got an answer that is none
  bool changed = false;   // by the last try

  explicit Source(const std::string& given)
      : text(given), where(derpmap::ParseMapSource(given)), shown(ShownSource(given)) {}

  // What changed, if anything, is in place afterwards.
  void Ask(const std::string& socket, const Clock& clock, TimePoint deadline) {
    changed = false;
    no_map = false;
    const auto failed = Try(socket, deadline);
    failure = failed ? fmt::format("map {}: {}", shown, *failed) : "";
    if (failed) return;
    good = clock.Now();
    fetched = clock.WallNow();
  }

  std::optional<std::string> Try(const std::string& socket, TimePoint deadline) {
    if (!where) return where.error().context;
    const bool is_pipe = where->kind == derpmap::MapSource::Kind::kStdin;
    if (is_pipe && document) return std::nullopt;  // it can be read once only
    auto answer = FetchMapText(*where, validators, socket, deadline);
    if (!answer) return WithoutUrl(answer.error().context);
    if (answer->unchanged) return std::nullopt;
    const Fingerprint print = FingerprintOf(answer->text);
    if (document && fingerprint == print) {
      validators = std::move(answer->validators);
      return std::nullopt;
    }
    auto read = derpmap::Read(answer->text);
    no_map = !read;
    if (!read) return read.error().ToString();
    document = std::move(*read);
    fingerprint = print;
    validators = std::move(answer->validators);
    changed = true;
    return std::nullopt;
  }
};

std::string ShownSource(const std::string& text) {
  const auto source = derpmap::ParseMapSource(text);
  return source ? source->shown : PrintablePeerText(text);
}

std::string MapRefresh::Shown() const {
  std::vector<std::string> shown;
  for (const SourceState& source : sources) shown.push_back(source.shown);
  return Join(shown, ", ");
}

std::optional<WallTime> MapRefresh::fetched() const {
  std::optional<WallTime> oldest;
  for (const SourceState& source : sources) {
    if (source.fetched && (!oldest || *source.fetched < *oldest)) oldest = source.fetched;
  }
  return oldest;
}

MapSources::MapSources(MapSourcesOptions options, const Clock& clock, const MapSources* before)
    : options_(std::move(options)), clock_(clock) {
  const std::vector<Source> known = before == nullptr ? std::vector<Source>() : before->Known();
  for (const std::string& text : options_.sources) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&text](const Source& source) { return source.text == text; });
    sources_.push_back(found == known.end() ? Source(text) : *found);
  }
}

MapSources::~MapSources() = default;

std::vector<MapSources::Source> MapSources::Known() const {
  const MutexLock lock(mutex_);
  return sources_;
}

MapRefresh MapSources::Refresh(TimePoint deadline) {
  const MutexLock lock(mutex_);
  Ask(deadline);
  MapRefresh refresh;
  Rebuild();
  const TimePoint now = clock_.Now();
  ReportSources(now, refresh);
  ReportFilter(now, refresh);
  refresh.map = map_;
  return refresh;
}

void MapSources::Ask(TimePoint deadline) {
  const auto ask = [this, deadline](Source& source) {
    source.Ask(options_.tailscaled_socket, clock_, deadline);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < sources_.size(); ++i)
    threads.emplace_back(ask, std::ref(sources_[i]));
  if (!sources_.empty()) ask(sources_.front());
  for (std::thread& thread : threads) thread.join();
}

// A source that was never read is left out of the map.
void MapSources::Rebuild() {
  const bool changed = std::any_of(sources_.begin(), sources_.end(), [this](const Source& source) {
    return source.changed || (source.document && !map_);
  });
  if (!changed) return;
  std::vector<derpmap::SourcedMap> documents;
  for (const Source& source : sources_) {
    if (source.document) documents.push_back({source.shown, *source.document});
  }
  auto made = MakeMap(documents, options_.filter);
  filter_failure_ = made ? "" : made.error().context;
  if (made) made->complete = documents.size() == sources_.size();
  if (made) map_ = std::make_shared<const LoadedMap>(std::move(*made));
}

void MapSources::ReportSources(TimePoint now, MapRefresh& refresh) const {
  for (const Source& source : sources_) {
    refresh.sources.push_back({source.shown, source.fetched, source.failure});
    if (source.good && (!refresh.good_since || *source.good < *refresh.good_since)) {
      refresh.good_since = source.good;
    }
    if (source.failure.empty()) continue;
    Append(refresh.failure, source.failure);
    if (source.no_map || !source.document) Append(refresh.wrong, source.failure);
    const bool excused = source.good && now - *source.good < kMapGrace;
    if (!excused) {
      Append(refresh.fatal, source.failure);
      refresh.notes.push_back(AboutMap("map.unreadable", source.failure, source.shown));
    }
    if (source.good && now - *source.good > kStaleIntervals * options_.interval) {
      refresh.notes.push_back(AboutMap(
          "map.stale",
          fmt::format("the last good answer of {} is {} old; it is asked every {}", source.shown,
                      WholeSeconds(now - *source.good), FormatGoDuration(options_.interval)),
          source.shown));
    }
  }
}

void MapSources::ReportFilter(TimePoint now, MapRefresh& refresh) {
  if (filter_failure_.empty()) {
    fitting_ = now;
    return;
  }
  Append(refresh.failure, filter_failure_);
  Append(refresh.wrong, filter_failure_);
  if (map_) refresh.good_since = std::min(refresh.good_since.value_or(now), fitting_);
  if (map_ && now - fitting_ < kMapGrace) return;
  Append(refresh.fatal, filter_failure_);
  refresh.notes.push_back(AboutMap("map.empty", filter_failure_, {}));
}

}  // namespace derp::probe
