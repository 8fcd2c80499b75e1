// A request head taken from any bytes, written again in plain form, reads as the same head.
#include <string>

#include "common/http/request_head.h"

using derp::Check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  derp::ByteView input(data, size);
  const auto head = derp::http::TakeRequestHead(input);
  if (!head || !*head) return 0;
  Check(input.size() < size, "a head takes bytes");
  std::string text = (*head)->method + " " + (*head)->target + " HTTP/1." +
                     std::to_string((*head)->minor_version) + "\r\n";
  for (const auto& field : (*head)->headers.items())
    text += field.name + ":" + field.value + "\r\n";
  text += "\r\n";
  derp::ByteView again = derp::AsBytes(text);
  const auto copy = derp::http::TakeRequestHead(again, text.size());
  Check(copy && *copy && again.empty(), "a written head is read whole");
  Check((*copy)->headers.size() == (*head)->headers.size(), "no field is lost");
  Check((*copy)->target == (*head)->target, "the target stays");
  return 0;
}
