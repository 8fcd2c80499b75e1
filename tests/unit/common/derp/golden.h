// The keys, frames and transcripts of tests/data/derp-frames.json by name.
#pragma once

#include <string>

#include "common/crypto/keys.h"
#include "tests/support/vectors.h"

namespace derp::test {

class Golden {
 public:
  NodePrivate Secret(const std::string& name) const {
    return NodePrivate::Parse(data_["keys"][name]["private_text"].get<std::string>()).value();
  }
  Bytes Frame(const std::string& name) const {
    for (const auto& frame : data_["frames"])
      if (frame["name"] == name) return Hex(frame["frame_hex"].get<std::string>());
    throw std::runtime_error("no golden frame " + name);
  }
  // The bytes of a transcript's step.
  Bytes Step(const std::string& transcript, std::size_t index) const {
    for (const auto& entry : data_["transcripts"])
      if (entry["name"] == transcript)
        return Hex(entry["steps"].at(index)["hex"].get<std::string>());
    throw std::runtime_error("no golden transcript " + transcript);
  }
  std::string Http(const std::string& name) const { return data_["http"][name]["text"]; }
  MeshKey Mesh() const { return MeshKey::Parse(data_["mesh_key"].get<std::string>()).value(); }
  const nlohmann::json& Invalid() const { return data_["invalid"]; }

 private:
  nlohmann::json data_ = ReadJson("derp-frames.json");
};

}  // namespace derp::test
