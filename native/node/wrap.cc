#include "wrap.h"

#include "convert.h"

namespace picket {

/// What crosses from the runner's thread.
struct ObserverWrap::Event {
  enum class Kind : uint8_t { batch, done, opened };
  Kind kind = Kind::batch;
  uint32_t shard = 0;
  std::vector<uint8_t> bytes;
  CommandResult result;
};

Napi::Function ObserverWrap::define(Napi::Env env) {
  return DefineClass(env, "NativeObserver",
                     {
                         InstanceMethod<&ObserverWrap::read_file>("readFile"),
                         InstanceMethod<&ObserverWrap::push>("push"),
                         InstanceMethod<&ObserverWrap::end_stream>("endStream"),
                         InstanceMethod<&ObserverWrap::watch>("watch"),
                         InstanceMethod<&ObserverWrap::proceed>("proceed"),
                         InstanceMethod<&ObserverWrap::finish>("finish"),
                         InstanceMethod<&ObserverWrap::stop>("stop"),
                         InstanceMethod<&ObserverWrap::release>("release"),
                         InstanceMethod<&ObserverWrap::close>("close"),
                         InstanceMethod<&ObserverWrap::stats>("stats"),
                         InstanceMethod<&ObserverWrap::read_bytes>("readBytes"),
                     });
}

ObserverWrap::ObserverWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ObserverWrap>(info) {
  const ObserverConfig config = to_config(info[0]);
  if (!info[1].IsFunction()) throw Napi::TypeError::New(info.Env(), "picket addon: no listener");
  // The queue is unbounded here: the runner bounds the bytes under way, and `release` makes room.
  channel_ = Channel::New(info.Env(), info[1].As<Napi::Function>(), "picket observer", 0, 1);
  runner_ = std::make_unique<Runner>(config, static_cast<RunnerEvents&>(*this));
}

ObserverWrap::~ObserverWrap() {
  close_now();
}

Runner& ObserverWrap::runner(const Napi::CallbackInfo& info) {
  if (runner_ == nullptr) throw Napi::Error::New(info.Env(), "picket addon: already closed");
  return *runner_;
}

void ObserverWrap::read_file(const Napi::CallbackInfo& info) {
  runner(info).read_file(to_text(info[0], "path"));
}

void ObserverWrap::push(const Napi::CallbackInfo& info) {
  runner(info).push(to_bytes(info[0]));
}
void ObserverWrap::end_stream(const Napi::CallbackInfo& info) {
  runner(info).end_stream();
}
void ObserverWrap::proceed(const Napi::CallbackInfo& info) {
  runner(info).proceed();
}
void ObserverWrap::finish(const Napi::CallbackInfo& info) {
  runner(info).finish();
}
void ObserverWrap::stop(const Napi::CallbackInfo& info) {
  runner(info).stop();
}
void ObserverWrap::close(const Napi::CallbackInfo&) {
  close_now();
}

void ObserverWrap::watch(const Napi::CallbackInfo& info) {
  runner(info).watch(to_live_options(info[0]));
}

void ObserverWrap::release(const Napi::CallbackInfo& info) {
  runner(info).release(static_cast<size_t>(to_number(info[0], "size")));
}

Napi::Value ObserverWrap::stats(const Napi::CallbackInfo& info) {
  return from_stats(info.Env(), runner(info).stats());
}

Napi::Value ObserverWrap::read_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(runner(info).read_bytes()));
}

/// Ends the thread first: nothing is sent once the channel is released.
void ObserverWrap::close_now() {
  if (runner_ == nullptr) return;
  runner_.reset();
  channel_.Release();
}

void ObserverWrap::batch(uint32_t shard, std::vector<uint8_t>&& bytes) {
  send(new Event{Event::Kind::batch, shard, std::move(bytes), {}});
}

void ObserverWrap::done(CommandResult&& result) {
  send(new Event{Event::Kind::done, 0, {}, std::move(result)});
}

void ObserverWrap::opened() {
  send(new Event{Event::Kind::opened, 0, {}, {}});
}

void ObserverWrap::send(Event* event) {
  // Refused only when the environment is going down, where nobody is left to be told.
  if (channel_.NonBlockingCall(event) != napi_ok) delete event;
}

/// On the JavaScript thread. `env` is null when the environment goes down with events in the queue.
void ObserverWrap::deliver(Napi::Env env, Napi::Function listener, std::nullptr_t*, Event* event) {
  const std::unique_ptr<Event> owned(event);
  if (env == nullptr) return;
  switch (event->kind) {
    case Event::Kind::batch:
      listener.Call({Napi::Number::New(env, event->shard), from_bytes(env, event->bytes)});
      break;
    case Event::Kind::done:
      listener.Call({Napi::Number::New(env, -1), from_result(env, event->result)});
      break;
    case Event::Kind::opened:
      listener.Call({Napi::Number::New(env, -2)});
      break;
  }
}

}  // namespace picket
