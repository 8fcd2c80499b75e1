// YAML text to a tree of values, from the library's events (its own tree would take far more memory
// than the text). The only file that knows the YAML library; its exceptions end here.
#include <algorithm>
#include <cstddef>
#include <map>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "common/base/text.h"
#include "common/derpmap/value.h"

namespace derp::derpmap {
namespace {

struct Refused {  // thrown through the library to end its parsing
  std::size_t offset;
  std::string why;
};

std::size_t CountValues(const Value& value) {
  std::size_t count = 1;
  for (const Value& child : value.children) count += CountValues(child);
  return count;
}

std::size_t Offset(const YAML::Mark& mark) {
  return mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos);
}

class Events final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Scalar(Value::Kind::kNull, mark, anchor, "null");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    Scalar(quoted ? Value::Kind::kString : Value::Kind::kPlain, mark, anchor, text);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end())
      throw Refused{Offset(mark), "an alias to something that is not complete"};
    if (ExpectsKey()) {
      if (!known->second.children.empty()) RefuseKey(mark);
      TakeKey(mark, known->second.text);
      return;
    }
    Must(tree_.Copy(known->second));
    ValueDone();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Start(Value::Kind::kArray, mark, anchor);
  }
  void OnSequenceEnd() override { End(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Start(Value::Kind::kObject, mark, anchor);
  }
  void OnMapEnd() override { End(); }

  TreeBuilder& tree() { return tree_; }

 private:
  struct Open {
    bool is_map;
    bool expects_key;
    YAML::anchor_t anchor;
  };

  bool ExpectsKey() const { return !open_.empty() && open_.back().expects_key; }
  void Must(bool done) const {
    if (!done) throw Refused{tree_.failure_offset(), tree_.failure()};
  }
  [[noreturn]] static void RefuseKey(const YAML::Mark& mark) {
    throw Refused{Offset(mark), "a key that is not text"};
  }
  void TakeKey(const YAML::Mark& mark, const std::string& text) {
    Must(tree_.Key(Offset(mark), text));
    open_.back().expects_key = false;
  }
  void Scalar(Value::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor,
              const std::string& text) {
    if (ExpectsKey()) {
      TakeKey(mark, text);
      return;
    }
    Must(tree_.Scalar(kind, Offset(mark), text));
    Remember(anchor);
    ValueDone();
  }
  void Start(Value::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (ExpectsKey()) RefuseKey(mark);
    Must(tree_.Start(kind, Offset(mark)));
    const bool is_map = kind == Value::Kind::kObject;
    open_.push_back({is_map, is_map, anchor});
  }
  void End() {
    const YAML::anchor_t anchor = open_.back().anchor;
    open_.pop_back();
    Must(tree_.End());
    Remember(anchor);
    ValueDone();
  }
  void ValueDone() {
    if (!open_.empty() && open_.back().is_map) open_.back().expects_key = true;
  }
  void Remember(YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    remembered_ += CountValues(tree_.last());
    if (remembered_ > kMaxValues)
      throw Refused{tree_.last().offset, fmt::format("more than {} anchored values", kMaxValues)};
    anchors_[anchor] = tree_.last();
  }

  TreeBuilder tree_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Value> anchors_;
  std::size_t remembered_ = 0;
};

ReadError FromLibrary(const YAML::Exception& exception) {
  ReadError error;
  if (!exception.mark.is_null()) {
    error.line = static_cast<std::size_t>(std::max(exception.mark.line, 0)) + 1;
    error.column = static_cast<std::size_t>(std::max(exception.mark.column, 0)) + 1;
  }
  error.what = PrintablePeerText(exception.msg);
  return error;
}

}  // namespace

Expected<Value, ReadError> ParseYamlValue(std::string_view text) {
  if (text.size() > kMaxYamlBytes) {
    ReadError error;
    error.what = fmt::format("larger than {} bytes, the limit for YAML", kMaxYamlBytes);
    return Fail(error);
  }
  std::istringstream stream{std::string(text)};
  Events events;
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(events) || !events.tree().done())
      return Fail(ErrorAt(text, text.size(), "empty text"));
  } catch (const Refused& refused) {
    return Fail(ErrorAt(text, refused.offset, refused.why));
  } catch (const YAML::Exception& exception) {
    return Fail(FromLibrary(exception));
  }
  return events.tree().TakeRoot();
}

}  // namespace derp::derpmap
