#include "convert.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "observe/payload_matcher.h"

namespace picket {
namespace {

constexpr size_t HOME_NETS_MAX = 256;

[[noreturn]] void reject(Napi::Env env, const std::string& what) {
  throw Napi::TypeError::New(env, "picket addon: " + what);
}

Napi::Object to_object(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) reject(value.Env(), std::string(name) + " must be an object");
  return value.As<Napi::Object>();
}

uint32_t to_u32(const Napi::Object& object, const char* name) {
  const double number = to_number(object.Get(name), name);
  if (number < 0 || number > UINT32_MAX) {
    reject(object.Env(), std::string(name) + " must fit in 32 bits");
  }
  return static_cast<uint32_t>(number);
}

/// "198.51.100.0/24" or "2001:db8::/32"; without a prefix, that one address.
HomeNet to_home_net(Napi::Env env, const std::string& text) {
  constexpr uint8_t MAPPED_PREFIX[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  HomeNet net;
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  uint32_t bits = 32;
  uint32_t shift = 96;
  if (inet_pton(AF_INET, address.c_str(), net.address + 12) == 1) {
    std::memcpy(net.address, MAPPED_PREFIX, sizeof MAPPED_PREFIX);
  } else if (inet_pton(AF_INET6, address.c_str(), net.address) == 1) {
    bits = 128;
    shift = 0;
  } else {
    reject(env, "'" + text + "' is not a network");
  }
  uint32_t prefix = bits;
  if (slash != std::string::npos) {
    const std::string digits = text.substr(slash + 1);
    const bool is_number = !digits.empty() && digits.size() <= 3 &&
                           digits.find_first_not_of("0123456789") == std::string::npos;
    prefix = is_number ? static_cast<uint32_t>(std::stoul(digits)) : bits + 1;
    if (prefix > bits) reject(env, "'" + text + "' is not a network");
  }
  net.prefix = static_cast<uint8_t>(prefix + shift);
  return net;
}

std::vector<HomeNet> to_home_nets(const Napi::Value& value) {
  if (!value.IsArray()) reject(value.Env(), "homeNets must be an array");
  const auto array = value.As<Napi::Array>();
  if (array.Length() > HOME_NETS_MAX) reject(value.Env(), "homeNets has more than 256 entries");
  std::vector<HomeNet> nets;
  for (uint32_t i = 0; i < array.Length(); i++) {
    nets.push_back(to_home_net(value.Env(), to_text(array.Get(i), "homeNets")));
  }
  return nets;
}

PayloadPlace to_place(const Napi::Value& value) {
  const std::string text = to_text(value, "at");
  if (text == "whole") return PayloadPlace::whole;
  if (text == "start") return PayloadPlace::start;
  if (text != "anywhere") reject(value.Env(), "'" + text + "' is no place for a payload");
  return PayloadPlace::anywhere;
}

std::vector<PayloadPattern> to_payload_signatures(const Napi::Value& value) {
  if (!value.IsArray()) reject(value.Env(), "payloadSignatures must be an array");
  const auto array = value.As<Napi::Array>();
  if (array.Length() > PATTERNS_MAX) reject(value.Env(), "payloadSignatures is too long");
  std::vector<PayloadPattern> patterns;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Object object = to_object(array.Get(i), "a payload signature");
    const std::string transport = to_text(object.Get("transport"), "transport");
    if (transport != "tcp" && transport != "udp") reject(value.Env(), "transport is tcp or udp");
    const PayloadPattern pattern{to_u32(object, "id"), transport == "udp",
                                 to_place(object.Get("at")), to_text(object.Get("hex"), "hex")};
    if (!is_valid(pattern)) {
      reject(value.Env(), "payload " + std::to_string(pattern.id) + ": '" + pattern.hex +
                              "' is no pattern");
    }
    patterns.push_back(pattern);
  }
  return patterns;
}

ObserverTables to_tables(const Napi::Value& value) {
  const Napi::Object object = to_object(value, "tables");
  ObserverTables tables;
  tables.sources_max = to_u32(object, "sourcesMax");
  tables.light_sources_max = to_u32(object, "lightSourcesMax");
  tables.targets_max = to_u32(object, "targetsMax");
  tables.hosts_max = to_u32(object, "hostsMax");
  tables.contacts_max = to_u32(object, "contactsMax");
  tables.sketches_max = to_u32(object, "sketchesMax");
  tables.port_pages_max = to_u32(object, "portPagesMax");
  tables.flows_max = to_u32(object, "flowsMax");
  tables.fragments_max = to_u32(object, "fragmentsMax");
  tables.duplicates_max = to_u32(object, "duplicatesMax");
  tables.signatures_max = to_u32(object, "signaturesMax");
  tables.singles_emitted_max = to_u32(object, "singlesEmittedMax");
  return tables;
}

const char* name_of(LiveProblem problem) {
  switch (problem) {
    case LiveProblem::none:
      break;
    case LiveProblem::no_such_interface:
      return "no-such-interface";
    case LiveProblem::no_privileges:
      return "no-privileges";
    case LiveProblem::interface_down:
      return "interface-down";
    case LiveProblem::filter_invalid:
      return "filter-invalid";
    case LiveProblem::link_type_unknown:
      return "link-type-unknown";
    case LiveProblem::not_built:
      return "not-built";
    case LiveProblem::failed:
      return "failed";
  }
  return "";
}

const char* name_of(CommandResult::Kind kind) {
  switch (kind) {
    case CommandResult::Kind::ok:
      break;
    case CommandResult::Kind::damaged:
      return "damaged";
    case CommandResult::Kind::open_failed:
      return "open-failed";
    case CommandResult::Kind::live_failed:
      return "live-failed";
  }
  return "";
}

}  // namespace

double to_number(const Napi::Value& value, const char* name) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(std::floor(number) == number)) {
    reject(value.Env(), std::string(name) + " must be a whole number");
  }
  return number;
}

std::string to_text(const Napi::Value& value, const char* name) {
  if (!value.IsString()) reject(value.Env(), std::string(name) + " must be text");
  return value.As<Napi::String>().Utf8Value();
}

std::vector<uint8_t> to_bytes(const Napi::Value& value) {
  if (!value.IsTypedArray()) reject(value.Env(), "a chunk must be a Uint8Array");
  const auto array = value.As<Napi::Uint8Array>();
  return std::vector<uint8_t>(array.Data(), array.Data() + array.ByteLength());
}

ObserverConfig to_config(const Napi::Value& value) {
  const Napi::Object object = to_object(value, "options");
  ObserverConfig config;
  config.sensor = to_text(object.Get("sensor"), "sensor");
  config.home_nets = to_home_nets(object.Get("homeNets"));
  config.shard_count = to_u32(object, "shardCount");
  config.epoch_us = static_cast<int64_t>(to_number(object.Get("epochUs"), "epochUs"));
  config.dark_after_us = static_cast<int64_t>(to_number(object.Get("darkAfterUs"), "darkAfterUs"));
  config.silent_after_us =
      static_cast<int64_t>(to_number(object.Get("silentAfterUs"), "silentAfterUs"));
  config.early_targets = to_u32(object, "earlyTargets");
  config.early_ports = to_u32(object, "earlyPorts");
  config.early_pairs = to_u32(object, "earlyPairs");
  config.payload_signatures = to_payload_signatures(object.Get("payloadSignatures"));
  config.tables = to_tables(object.Get("tables"));
  if (config.shard_count == 0) reject(value.Env(), "shardCount must be positive");
  if (config.epoch_us <= 0) reject(value.Env(), "epochUs must be positive");
  if (config.dark_after_us < 0) reject(value.Env(), "darkAfterUs must not be negative");
  if (config.silent_after_us < 0) reject(value.Env(), "silentAfterUs must not be negative");
  return config;
}

LiveOptions to_live_options(const Napi::Value& value) {
  const Napi::Object object = to_object(value, "input");
  const uint32_t int_max = INT32_MAX;
  LiveOptions options;
  options.interface = to_text(object.Get("name"), "name");
  const Napi::Value filter = object.Get("filter");
  if (!filter.IsUndefined()) options.filter = to_text(filter, "filter");
  options.snap_length = std::min(to_u32(object, "snapLength"), int_max);
  options.buffer_size = std::min(to_u32(object, "bufferSize"), int_max);
  options.promiscuous = object.Get("promiscuous").ToBoolean();
  options.fanout_group = to_u32(object, "fanoutGroup");
  options.counts_interface_drops = object.Get("countsInterfaceDrops").ToBoolean();
  return options;
}

Napi::Value from_stats(Napi::Env env, const Runner::Stats& stats) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [name, value] : stats) {
    object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  }
  return object;
}

Napi::Value from_bytes(Napi::Env env, const std::vector<uint8_t>& bytes) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

Napi::Value from_result(Napi::Env env, const CommandResult& result) {
  if (result.kind == CommandResult::Kind::ok) return env.Undefined();
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", name_of(result.kind));
  object.Set("offset", Napi::Number::New(env, static_cast<double>(result.offset)));
  object.Set("error", Napi::Number::New(env, result.error));
  object.Set("problem", name_of(result.problem));
  object.Set("wasOpen", result.was_open);
  object.Set("reason", result.reason);
  return object;
}

}  // namespace picket
