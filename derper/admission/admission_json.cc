#include "derper/admission/admission_json.h"

#include <nlohmann/json.hpp>

#include "common/base/text.h"

namespace derp::admission {
namespace {

using Json = nlohmann::json;

// Follows one value, remembers "Allow" of the outermost object and nothing else.
class AllowReader final : public Json::json_sax_t {
 public:
  bool null() override { return true; }  // leaves Allow as it was
  bool boolean(bool value) override {
    if (at_allow()) {
      allow_ = value;
      return true;
    }
    return Other();
  }
  bool number_integer(number_integer_t) override { return Other(); }
  bool number_unsigned(number_unsigned_t) override { return Other(); }
  bool number_float(number_float_t, const string_t&) override { return Other(); }
  bool string(string_t&) override { return Other(); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return Enter(/*is_object=*/true); }
  bool start_array(std::size_t) override { return Enter(/*is_object=*/false); }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }
  bool key(string_t& name) override {
    if (depth_ == 1) is_allow_ = EqualsIgnoreCase(name, "Allow");
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

  bool wrong_type() const { return wrong_type_; }
  bool allow() const { return allow_; }

 private:
  bool at_allow() const { return depth_ == 1 && is_allow_; }
  bool Other() {
    if (at_allow() || depth_ == 0) wrong_type_ = true;
    return true;
  }
  bool Enter(bool is_object) {
    if (at_allow() || (depth_ == 0 && !is_object)) wrong_type_ = true;
    ++depth_;
    return true;
  }
  bool Leave() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  bool is_allow_ = false;
  bool allow_ = false;
  bool wrong_type_ = false;
};

}  // namespace

std::string VerifyRequest(const NodePublic& key, std::string_view source) {
  nlohmann::ordered_json body;
  body["NodePublic"] = key.ToString();
  body["Source"] = source;
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Expected<bool, std::string> ReadVerifyReply(std::string_view text) {
  AllowReader reader;
  const bool whole = Json::sax_parse(text.begin(), text.end(), &reader, Json::input_format_t::json,
                                     /*strict=*/false);
  if (!whole) return Fail(std::string("the answer is no JSON"));
  if (reader.wrong_type()) return Fail(std::string("the answer has no boolean \"Allow\""));
  return reader.allow();
}

bool IsJsonObject(std::string_view text) {
  return Json::parse(text, nullptr, /*allow_exceptions=*/false).is_object();
}

std::optional<NodePublic> OwnKeyOfStatus(std::string_view text) {
  const Json status = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!status.is_object()) return std::nullopt;
  const auto self = status.find("Self");
  if (self == status.end() || !self->is_object()) return std::nullopt;
  const auto key = self->find("PublicKey");
  if (key == self->end() || !key->is_string()) return std::nullopt;
  return NodePublic::Parse(key->get_ref<const std::string&>());
}

}  // namespace derp::admission
