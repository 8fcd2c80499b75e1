// What the rules about the prober ask of a walk and do to it. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/diagnosis/report.h"

namespace derp::diagnosis {

bool Has(const NodeReport& node, std::string_view code, std::optional<AddressFamily> family = {});

// Of one family: only what is about that family alone.
void Remove(NodeReport& node, std::string_view code, std::optional<AddressFamily> family = {});

StageResult* StageOf(NodeReport& node, Stage stage, std::optional<AddressFamily> family);

void NotReached(StageResult* result, Stage after);        // unless it was skipped; null: nothing
void Skip(StageResult* result, std::string_view reason);  // null: nothing

bool Ran(const NodeReport& node, Stage stage, std::optional<AddressFamily> family);
bool Works(const NodeReport& node, Stage stage, std::optional<AddressFamily> family);

// What makes hosts distinct: their address, or the name where none was found.
std::string HostOf(const NodeReport& node);
std::set<std::string> Hosts(const std::vector<const NodeReport*>& nodes);

}  // namespace derp::diagnosis
