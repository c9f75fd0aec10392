#include "observe/payloads.h"

#include <algorithm>

#include "decode/walk.h"

namespace picket {

namespace {

/// RFC 8446 §5.1, §4: record type handshake, version, length; message type client_hello, length.
constexpr uint8_t RECORD_HANDSHAKE = 22;
constexpr uint8_t CLIENT_HELLO = 1;
constexpr uint32_t HELLO_TYPE_AT = 5;
constexpr uint32_t VERSION_AT = 9;
constexpr uint32_t SESSION_ID_SIZE_AT = 43;
constexpr uint32_t TLS_1_2 = 0x0303;
constexpr uint32_t HASH_BITS = 0x3fffffff;
constexpr uint32_t IS_HELLO = 0x80000000;

/// Four characters as `u32` reads them.
constexpr uint32_t word(const char (&text)[5]) {
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) value = (value << 8) | static_cast<uint8_t>(text[i]);
  return value;
}

/// The first four bytes of the methods of RFC 9110 §9 and RFC 5789, and WebDAV's most common one.
constexpr uint32_t HTTP_METHODS[] = {word("GET "), word("POST"), word("HEAD"), word("OPTI"),
                                     word("PUT "), word("DELE"), word("CONN"), word("TRAC"),
                                     word("PATC"), word("PROP")};
/// What of "User-Agent:" has one case everywhere.
constexpr uint32_t SER = word("ser-");
constexpr uint32_t GENT = word("gent");
/// From "ser-" to "gent", and to the field's value.
constexpr uint32_t GENT_AT = 5;
constexpr uint32_t VALUE_AT = 10;
/// Bytes of a request's head that are searched for its user agent.
constexpr uint32_t HEAD_SIZE_MAX = 1024;

/// RFC 8701 §3.1: 0x0a0a, 0x1a1a ... 0xfafa.
bool is_grease(uint32_t suite) {
  return (suite & 0x0f0f) == 0x0a0a && suite >> 8 == (suite & 0xff);
}

bool is_http_request(const uint8_t* payload, uint32_t size) {
  if (size < 4) return false;
  const uint32_t method = u32(payload, 0);
  return std::find(std::begin(HTTP_METHODS), std::end(HTTP_METHODS), method) !=
         std::end(HTTP_METHODS);
}

/// Tells samples of one source apart by their user agent; all without one are alike.
uint32_t user_agent_hash(const uint8_t* payload, uint32_t size) {
  const uint32_t end = std::min(size, HEAD_SIZE_MAX);
  for (uint32_t from = 0; from + VALUE_AT <= end; from++) {
    if (payload[from] != 's' || u32(payload, from) != SER ||
        u32(payload, from + GENT_AT) != GENT) {
      continue;
    }
    uint32_t hash = HASH_SEED;
    for (uint32_t i = from + VALUE_AT; i < end && payload[i] != '\r'; i++) {
      hash = mix(hash, payload[i]);
    }
    return finish(hash);
  }
  return 0;
}

}  // namespace

void observe_payload(Observer& observer, const Packet& packet, uint32_t service, bool after_wait,
                     bool trusted) {
  const uint8_t* payload = packet.bytes + packet.payload_at;
  const uint32_t size = packet.payload_size;
  PayloadMatcher& matcher = observer.matcher;
  const bool is_udp = packet.transport == Transport::udp;
  const bool is_known = matcher.match(payload, size, packet.payload_wire_size, is_udp);
  const uint32_t shape = is_udp ? 0 : hello_shape(payload, size);
  const bool is_request = !is_udp && shape == 0 && is_http_request(payload, size);
  if (!is_known && shape == 0 && !is_request) return;
  observer.address(packet, false);
  observer.aim(packet, service, 0, 0, true);
  Sources& sources = observer.sources;
  // Few clients offer less than TLS 1.2, and an enumeration of ciphers does.
  const bool is_telling = is_known || (shape & HELLO_OBSOLETE) != 0;
  const uint32_t number = sources.full_state_of(observer.touch, is_telling && trusted);
  if (number == NONE) return;
  PayloadPool& pool = sources.payloads;
  const uint32_t member = sources.member_of(number, observer.touch);
  if (member == NONE) {
    pool.hits_refused++;
    return;
  }
  PayloadLists& lists = sources.payload_lists(number);
  const uint8_t flags = after_wait ? HIT_AFTER_WAIT : 0;
  if (matcher.opening != NO_PAYLOAD) pool.add_hit(lists, matcher.opening, member, service, flags);
  if (matcher.inside != NO_PAYLOAD) pool.add_hit(lists, matcher.inside, member, service, flags);
  if (shape != 0) pool.add_hit(lists, shape, member, service, flags);
  if ((shape == 0 && !is_request) || !sources.is_worth_samples(number)) return;
  const uint32_t hash = shape != 0 ? shape : user_agent_hash(payload, size);
  pool.add_sample(lists, hash, member, packet.dst_port, payload, size);
}

uint32_t hello_shape(const uint8_t* payload, uint32_t size) {
  if (size <= SESSION_ID_SIZE_AT || payload[0] != RECORD_HANDSHAKE || payload[1] != 3) return 0;
  if (payload[HELLO_TYPE_AT] != CLIENT_HELLO) return 0;
  const uint32_t version = u16(payload, VERSION_AT);
  const uint32_t list_at = SESSION_ID_SIZE_AT + 1 + payload[SESSION_ID_SIZE_AT] + 2;
  if (list_at > size) return 0;
  const uint32_t end = list_at + u16(payload, list_at - 2);
  if (end > size) return 0;
  uint32_t hash = mix(HASH_SEED, version);
  for (uint32_t at = list_at; at + 1 < end; at += 2) {
    const uint32_t suite = u16(payload, at);
    if (!is_grease(suite)) hash = mix(hash, suite);
  }
  return (finish(hash) & HASH_BITS) | (version < TLS_1_2 ? HELLO_OBSOLETE : 0) | IS_HELLO;
}

}  // namespace picket
