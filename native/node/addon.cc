/// What `require('picket.node')` gives; see src/capture/load-addon.ts for its types.
#include <napi.h>

#include "batch/layout.h"
#include "capture/live_source.h"
#include "wrap.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("layoutVersion", Napi::Number::New(env, picket::LAYOUT_VERSION));
  exports.Set("hasLiveCapture", Napi::Boolean::New(env, picket::has_live_capture()));
  exports.Set("NativeObserver", picket::ObserverWrap::define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(picket, init)
