#include "observe/udp_answers.h"

#include "base/bytes.h"
#include "observe/udp_answer_forms.h"

namespace picket {

namespace {

bool has_word(const uint8_t* payload, uint32_t at, uint32_t mask, uint32_t value) {
  return mask == 0 || (read_u32(payload + at, true) & mask) == value;
}

/// The size of a BER header at `at` (X.690 §8.1), 0 when it is none of at most 4 GiB, or cut.
uint32_t ber_header(const uint8_t* payload, uint32_t size, uint32_t at) {
  if (at + 2 > size) return 0;
  const uint8_t length = payload[at + 1];
  if (length < 0x80) return 2;
  const uint32_t count = length & 0x7f;
  return count == 0 || count > 4 ? 0 : 2 + count;
}

/// Past a short element with `tag` at `at`; 0 when there is none.
uint32_t past_short(const uint8_t* payload, uint32_t size, uint32_t at, uint8_t tag) {
  if (at + 2 > size || payload[at] != tag || payload[at + 1] >= 0x80) return 0;
  return at + 2 + payload[at + 1];
}

/// Where the operation of an LDAP or SNMP message begins; 0 when it is none.
uint32_t operation_at(const Packet& packet, const uint8_t* payload) {
  constexpr uint8_t SEQUENCE = 0x30;
  constexpr uint8_t INTEGER = 0x02;
  constexpr uint8_t OCTET_STRING = 0x04;
  const uint32_t size = packet.payload_size;
  if (size == 0 || payload[0] != SEQUENCE) return 0;
  const uint32_t inside = ber_header(payload, size, 0);
  uint32_t at = inside == 0 ? 0 : past_short(payload, size, inside, INTEGER);
  if (at != 0 && packet.src_port == 161) at = past_short(payload, size, at, OCTET_STRING);
  return at < size ? at : 0;
}

/// SearchResultEntry, -Done and -Reference of CLDAP (RFC 4511 §4.5.2); Response of SNMP (RFC 3416
/// §3).
bool is_ber_answer(const Packet& packet, const uint8_t* payload) {
  const uint32_t at = operation_at(packet, payload);
  if (at == 0) return false;
  const uint8_t tag = payload[at];
  if (packet.src_port == 161) return tag == 0xa2;
  return tag == 0x64 || tag == 0x65 || tag == 0x73;
}

}  // namespace

bool is_udp_answer(const Packet& packet) {
  const uint8_t* payload = packet.bytes + packet.payload_at;
  if (packet.src_port == 161 || packet.src_port == 389) return is_ber_answer(packet, payload);
  for (const UdpAnswerForm& form : UDP_ANSWER_FORMS) {
    if (form.port != 0 && form.port != packet.src_port) continue;
    if (packet.payload_size >= form.size && has_word(payload, form.at, form.mask, form.value) &&
        has_word(payload, form.then_at, form.then_mask, form.then_value)) {
      return true;
    }
  }
  return false;
}

}  // namespace picket
