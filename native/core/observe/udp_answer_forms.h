/// What a service's answer over UDP begins with: an answer nobody asked for is no probe, but the
/// work of somebody who asked in our name (amplification). From the specifications alone. `npm run
/// generate` writes packages/observer/src/observe/udp-answer-forms.ts from this file; never edit
/// that one.
#pragma once

#include <cstdint>

namespace picket {

/// Two words of the payload (big-endian, at a byte offset), each equal to a value under a mask. A
/// mask of 0 asks for nothing.
struct UdpAnswerForm {
  /// The source port; 0: any.
  uint16_t port;
  /// Least size of the payload; both words lie within.
  uint16_t size;
  uint16_t at;
  uint32_t mask;
  uint32_t value;
  uint16_t then_at;
  uint32_t then_mask;
  uint32_t then_value;
};

/// In rising order of the ports.
constexpr UdpAnswerForm UDP_ANSWER_FORMS[] = {
    // SSDP (UPnP Device Architecture 2.0 §1.3.3): "HTTP/1."
    {0, 12, 0, 0xffffffff, 0x48545450, 4, 0xffffff00, 0x2f312e00},
    // SIP (RFC 3261 §7.2): "SIP/2.0 "
    {0, 12, 0, 0xffffffff, 0x5349502f, 4, 0xffffffff, 0x322e3020},
    // DTLS (RFC 6347 §4.2): ServerHello, HelloVerifyRequest
    {0, 25, 0, 0xffff0000, 0x16fe0000, 12, 0x00ff0000, 0x00020000},
    {0, 25, 0, 0xffff0000, 0x16fe0000, 12, 0x00ff0000, 0x00030000},
    // Servers of games: a part of a long answer; 0xffffffff and A2S_INFO, A2S_PLAYER, A2S_RULES or
    // their challenge (Valve "Server queries"), or "infoResponse", "statusResponse" (Quake III)
    {0, 12, 0, 0xffffffff, 0xfffffffe, 0, 0, 0},
    {0, 9, 0, 0xffffffff, 0xffffffff, 4, 0xff000000, 0x49000000},
    {0, 9, 0, 0xffffffff, 0xffffffff, 4, 0xff000000, 0x44000000},
    {0, 9, 0, 0xffffffff, 0xffffffff, 4, 0xff000000, 0x45000000},
    {0, 9, 0, 0xffffffff, 0xffffffff, 4, 0xff000000, 0x41000000},
    {0, 16, 0, 0xffffffff, 0xffffffff, 4, 0xffffffff, 0x696e666f},
    {0, 16, 0, 0xffffffff, 0xffffffff, 4, 0xffffffff, 0x73746174},
    // Quote of the day (RFC 865), character generator (RFC 864): text
    {17, 16, 0, 0x80808080, 0x00000000, 4, 0x80808080, 0x00000000},
    {19, 16, 0, 0x80808080, 0x00000000, 4, 0x80808080, 0x00000000},
    // DNS: QR (RFC 1035 §4.1.1)
    {53, 12, 0, 0x00008000, 0x00008000, 0, 0, 0},
    // BOOTP and DHCP: op 2 (RFC 951 §3)
    {67, 236, 0, 0xff000000, 0x02000000, 0, 0, 0},
    // TFTP: DATA, ERROR (RFC 1350 §5)
    {69, 4, 0, 0xffff0000, 0x00030000, 0, 0, 0},
    {69, 4, 0, 0xffff0000, 0x00050000, 0, 0, 0},
    // Kerberos: AS-REP, TGS-REP, KRB-ERROR (RFC 4120 §5.10)
    {88, 16, 0, 0xff000000, 0x6b000000, 0, 0, 0},
    {88, 16, 0, 0xff000000, 0x6d000000, 0, 0, 0},
    {88, 16, 0, 0xff000000, 0x7e000000, 0, 0, 0},
    // ONC RPC, the portmapper's: REPLY (RFC 5531 §9)
    {111, 24, 4, 0xffffffff, 0x00000001, 0, 0, 0},
    // NTP: mode 4, server (RFC 5905 §7.3); with the response bit mode 6 (RFC 9327 §2), and 7 as
    // ntpd has it
    {123, 48, 0, 0x07000000, 0x04000000, 0, 0, 0},
    {123, 12, 0, 0x07800000, 0x06800000, 0, 0, 0},
    {123, 8, 0, 0x87000000, 0x87000000, 0, 0, 0},
    // NetBIOS name service: R (RFC 1002 §4.2.1.1)
    {137, 12, 0, 0x00008000, 0x00008000, 0, 0, 0},
    // XDMCP version 1: Willing, Unwilling (X Display Manager Control Protocol)
    {177, 6, 0, 0xffffffff, 0x00010005, 0, 0, 0},
    {177, 6, 0, 0xffffffff, 0x00010006, 0, 0, 0},
    // SLP version 2: SrvRply, AttrRply, DAAdvert, SrvTypeRply (RFC 2608 §8)
    {427, 14, 0, 0xffff0000, 0x02020000, 0, 0, 0},
    {427, 14, 0, 0xffff0000, 0x02070000, 0, 0, 0},
    {427, 14, 0, 0xffff0000, 0x02080000, 0, 0, 0},
    {427, 14, 0, 0xffff0000, 0x020a0000, 0, 0, 0},
    // QUIC: Version Negotiation (RFC 8999 §6)
    {443, 11, 0, 0x80ffffff, 0x80000000, 4, 0xff000000, 0x00000000},
    // IKEv2: R (RFC 7296 §3.1)
    {500, 28, 16, 0x00f00020, 0x00200020, 0, 0, 0},
    // RIP: response (RFC 1058 §3.1)
    {520, 4, 0, 0xff000000, 0x02000000, 0, 0, 0},
    // ASF presence pong over RMCP (DMTF DSP0136)
    {623, 12, 0, 0xff0000ff, 0x06000006, 8, 0xff000000, 0x40000000},
    // OpenVPN: P_CONTROL_HARD_RESET_SERVER (protocol documentation, "Message types")
    {1194, 14, 0, 0xf8000000, 0x10000000, 0, 0, 0},
    {1194, 14, 0, 0xf8000000, 0x40000000, 0, 0, 0},
    // SQL Server Resolution: SVR_RESP (MC-SQLR §2.2.5)
    {1434, 4, 0, 0xff000000, 0x05000000, 0, 0, 0},
    // RDP over UDP: SYN and ACK (MS-RDPEUDP §2.2.2.1)
    {3389, 8, 4, 0x00000005, 0x00000005, 0, 0, 0},
    // STUN: success and error responses (RFC 8489 §5)
    {3478, 20, 0, 0xc1000000, 0x01000000, 4, 0xffffffff, 0x2112a442},
    // WS-Discovery: SOAP comes from this port as an answer alone (OASIS WS-Discovery 1.1)
    {3702, 64, 0, 0xff000000, 0x3c000000, 0, 0, 0},
    // NAT-PMP (RFC 6886 §3.2) and PCP (RFC 6887 §7.2): opcodes from 128 on
    {5351, 8, 0, 0x00800000, 0x00800000, 0, 0, 0},
    // Multicast DNS, LLMNR: QR (RFC 6762 §18.2, RFC 4795 §2.1.1)
    {5353, 12, 0, 0x00008000, 0x00008000, 0, 0, 0},
    {5355, 12, 0, 0x00008000, 0x00008000, 0, 0, 0},
    // CoAP version 1: codes of class 2, 4 and 5 (RFC 7252 §3)
    {5683, 4, 0, 0xc0e00000, 0x40400000, 0, 0, 0},
    {5683, 4, 0, 0xc0800000, 0x40800000, 0, 0, 0},
    // Memcached: the frame's fourth field is 0 (memcached protocol.txt, "UDP protocol")
    {11211, 9, 4, 0x0000ffff, 0x00000000, 0, 0, 0},
};

constexpr bool lie_within() {
  for (const UdpAnswerForm& form : UDP_ANSWER_FORMS) {
    if (form.at + 4 > form.size || form.then_at + 4 > form.size) return false;
  }
  return true;
}
static_assert(lie_within());

}  // namespace picket
