#include "common/diagnosis/hello_gate.h"

#include <string>

#include <catch2/catch.hpp>

using derp::diagnosis::HelloGate;

TEST_CASE("who finds no room begins when another leaves, in the order of coming",
          "[diagnosis][gate]") {
  HelloGate gate(2);
  std::string began;
  for (const char name : {'a', 'b', 'c', 'd'}) {
    gate.Enter([&began, name] { began += name; });
  }
  CHECK(began == "ab");
  gate.Leave();
  CHECK(began == "abc");
  gate.Leave();
  CHECK(began == "abcd");
  gate.Leave();
  gate.Leave();
  gate.Enter([&began] { began += 'e'; });
  CHECK(began == "abcde");
}
