# The addon: native/build/Release/picket.node. Built by scripts/build.sh through node-gyp.
# Without the libpcap headers it is built without live capture.
{
  "targets": [
    {
      "target_name": "picket",
      "variables": {
        "have_pcap%": "<!(node can-build.mjs pcap)",
        "have_lto%": "<!(node can-build.mjs lto)"
      },
      "sources": ["<!@(node list-sources.mjs core node)"],
      "include_dirs": ["core", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NAPI_CPP_EXCEPTIONS"],
      "cflags": ["-O2", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++20", "-fexceptions", "-Wall", "-Wextra"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags!": ["-O3", "-fno-omit-frame-pointer"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "GCC_OPTIMIZATION_LEVEL": "2",
        "OTHER_CPLUSPLUSFLAGS": ["-fvisibility=hidden"]
      },
      "conditions": [
        ["have_pcap==1", {"defines": ["PICKET_HAVE_PCAP"], "libraries": ["-lpcap"]}],
        ["have_lto==1", {"cflags": ["-flto=auto"], "ldflags": ["-O2", "-flto=auto"]}]
      ]
    }
  ]
}
