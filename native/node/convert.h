/// All conversion between JavaScript values and ours, and all throwing. Errors are programming
/// errors of the TypeScript side, which has checked its configuration before: TypeError.
#pragma once

#include <napi.h>

#include <vector>

#include "runner.h"

namespace picket {

/// From `ObserverOptions` (packages/observer/src/options.ts).
ObserverConfig to_config(const Napi::Value& value);
/// From the `interface` kind of `Input` (src/capture/contract.ts).
LiveOptions to_live_options(const Napi::Value& value);
std::vector<uint8_t> to_bytes(const Napi::Value& value);
std::string to_text(const Napi::Value& value, const char* name);
double to_number(const Napi::Value& value, const char* name);

Napi::Value from_stats(Napi::Env env, const Runner::Stats& stats);
/// A Uint8Array with an ArrayBuffer of its own, so that it can be transferred to another thread.
Napi::Value from_bytes(Napi::Env env, const std::vector<uint8_t>& bytes);
/// undefined when all went well, else { kind, offset, error, problem, reason }.
Napi::Value from_result(Napi::Env env, const CommandResult& result);

}  // namespace picket
