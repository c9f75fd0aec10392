/// What programs of the tests and of the bench are told about the observer, as text.
#pragma once

#include <arpa/inet.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "options.h"

namespace picket {

/// `ADDRESS/BITS`, either family.
inline HomeNet parse_net(const char* text) {
  HomeNet net{};
  const std::string cidr = text;
  const size_t slash = cidr.find('/');
  const std::string address = cidr.substr(0, slash);
  const int bits = std::atoi(cidr.c_str() + slash + 1);
  if (inet_pton(AF_INET6, address.c_str(), net.address) == 1) {
    net.prefix = static_cast<uint8_t>(bits);
  } else {
    net.address[10] = net.address[11] = 0xff;
    inet_pton(AF_INET, address.c_str(), net.address + 12);
    net.prefix = static_cast<uint8_t>(96 + bits);
  }
  return net;
}

/// One signature a line: id, transport, place, hex.
inline std::vector<PayloadPattern> read_signatures(const char* path) {
  std::ifstream file(path);
  std::vector<PayloadPattern> patterns;
  uint32_t id = 0;
  std::string transport;
  std::string place;
  std::string hex;
  while (file >> id >> transport >> place >> hex) {
    const PayloadPlace at = place == "whole"   ? PayloadPlace::whole
                                    : place == "start" ? PayloadPlace::start
                                                       : PayloadPlace::anywhere;
    patterns.push_back({id, transport == "udp", at, hex});
  }
  return patterns;
}

}  // namespace picket
