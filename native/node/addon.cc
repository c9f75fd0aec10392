/// What `require('picket.node')` gives; see src/capture/load-addon.ts for its types.
#include <napi.h>

#include "batch/layout.h"
#include "capture/live_source.h"
#include "convert.h"
#include "notify.h"
#include "wrap.h"

namespace {

/// (socket, text) -> 0 or errno
Napi::Value notify(const Napi::CallbackInfo& info) {
  const std::string path = picket::to_text(info[0], "socket");
  const int error = picket::send_datagram(path, picket::to_text(info[1], "text"));
  return Napi::Number::New(info.Env(), error);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("layoutVersion", Napi::Number::New(env, picket::LAYOUT_VERSION));
  exports.Set("hasLiveCapture", Napi::Boolean::New(env, picket::has_live_capture()));
  exports.Set("notify", Napi::Function::New(env, notify, "notify"));
  exports.Set("NativeObserver", picket::ObserverWrap::define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(picket, init)
