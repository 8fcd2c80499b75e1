// A response head taken from any bytes, written again in plain form, reads as the same head.
#include <string>

#include "common/http/response_head.h"

using derp::Check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  derp::ByteView input(data, size);
  const auto head = derp::http::TakeResponseHead(input);
  if (!head || !*head) return 0;
  Check(input.size() < size, "a head takes bytes");
  std::string text = "HTTP/1." + std::to_string((*head)->minor_version) + " " +
                     std::to_string((*head)->status) + " " + (*head)->reason + "\r\n";
  for (const auto& field : (*head)->headers.items())
    text += field.name + ":" + field.value + "\r\n";
  text += "\r\n";
  derp::ByteView again = derp::AsBytes(text);
  const auto copy = derp::http::TakeResponseHead(again, text.size());
  Check(copy && *copy && again.empty(), "a written head is read whole");
  Check((*copy)->status == (*head)->status && (*copy)->reason == (*head)->reason,
        "the status line stays");
  return 0;
}
