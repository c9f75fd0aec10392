/// The JavaScript class around a Runner. Its TypeScript face is `NativeHandle` in
/// src/capture/load-addon.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "runner.h"

namespace picket {

class ObserverWrap : public Napi::ObjectWrap<ObserverWrap>, private RunnerEvents {
 public:
  static Napi::Function define(Napi::Env env);

  /// `new NativeObserver(options, listener)`: the listener is called with (shard, bytes) for a
  /// batch, with (-1, result) at the end of each command, and with (-2) when `watch` has its
  /// interface and waits for `proceed`.
  explicit ObserverWrap(const Napi::CallbackInfo& info);
  ~ObserverWrap() override;

 private:
  struct Event;
  static void deliver(Napi::Env env, Napi::Function, std::nullptr_t* context, Event* event);
  using Channel = Napi::TypedThreadSafeFunction<std::nullptr_t, Event, deliver>;

  Runner& runner(const Napi::CallbackInfo& info);
  void read_file(const Napi::CallbackInfo& info);
  void push(const Napi::CallbackInfo& info);
  void end_stream(const Napi::CallbackInfo& info);
  void watch(const Napi::CallbackInfo& info);
  void proceed(const Napi::CallbackInfo& info);
  void finish(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);
  Napi::Value stats(const Napi::CallbackInfo& info);
  Napi::Value read_bytes(const Napi::CallbackInfo& info);
  void close_now();

  void batch(uint32_t shard, std::vector<uint8_t>&& bytes) override;
  void done(CommandResult&& result) override;
  void opened() override;
  void send(Event* event);

  Channel channel_;
  std::unique_ptr<Runner> runner_;  ///< null once closed
};

}  // namespace picket
