/// The one definition of what a batch holds. A batch is one shard's observations for one epoch of
/// one sensor: the contract between the packet side (this core or its TypeScript twin) and the
/// judging side. `npm run generate` writes packages/plugin-api/src/batch-layout.ts from this file;
/// never edit that one.
///
/// A batch is a msgpack array:
///   [ LAYOUT_VERSION, sensor str, shard, shardCount, sequence, BatchKind, epochStartUs, epochUs,
///     coverage [CoverageField], signatures [bin], sources [Source], singles bin, targets [Target],
///     hosts [Host] ]
///   Source: [ tunnelKey, address bin(4|16), firstUs, lastUs, counters [SourceCounter],
///             signatures [[index, count], at most SOURCE_SIGNATURES_MAX],
///             targets bin, contacts bin,
///             targetSketch bin|nil, pairSketch bin|nil, ports Ports|nil,
///             deep [[targetIndex, ports Ports]], runKey, ttlMin, ttlMax,
///             sourcePortMin, sourcePortMax, traits, hits bin,
///             samples [[targetIndex, port, bytes bin], at most SAMPLES_PER_SOURCE_MAX],
///             finds bin, findsMissed ]
///   Ports: [[PortPage, bin], ...]: ports of one protocol in rising order (u16), or, where those
///             would take as much, a PORT_PAGE_SIZE bitmap
///   Target: [ tunnelKey, address bin(4|16), counters [TargetCounter], topPort, topPortSyns,
///             sources bin, sourceSketch bin|nil ]
///   `runKey` is the sequence value of the source's first raw probe (Nmap: constant for a run);
///   minima and maxima are over probes, 0 when there was none; `traits` is the union of the
///   probes' Trait bits.
///   Host:   [ tunnelKey, address bin(4|16), counters [HostCounter] ]
/// Times inside an epoch are microseconds after epochStartUs (uint32). Integers take their shortest
/// msgpack form; counters saturate at 2^32-1. `targets` holds addresses of the source's own length,
/// in the order first seen. `contacts` is CONTACT_SIZE bytes a record and `singles` SINGLE_SIZE (a
/// source that touched one thing only), little-endian, as laid out below. A sketch is HLL_REGISTERS
/// bytes, and `ports` are exact; each is present only when the list next to it has overflowed, then
/// covers what is listed too, and is empty when there was no room for it. `finds` is FIND_SIZE
/// bytes a record: open services whose contacts are beyond the list; `findsMissed` counts those for
/// which there was no room either.
#pragma once

#include <cstdint>

namespace picket {

constexpr uint32_t LAYOUT_VERSION = 5;
constexpr uint32_t CONTACT_SIZE = 24;
constexpr uint32_t SINGLE_SIZE = 64;
constexpr uint32_t HLL_PRECISION = 14;
constexpr uint32_t HLL_REGISTERS = 16384;  // 1.04 / sqrt(16384) = 0.8 % standard error
constexpr uint32_t PORT_PAGES = 4;
constexpr uint32_t PORT_PAGE_SIZE = 8192;  // a bit for each of 65,536 ports
constexpr uint32_t SOURCE_SIGNATURES_MAX = 4;
constexpr uint32_t NO_SIGNATURE = 0xffff;
constexpr uint32_t HIT_SIZE = 12;
constexpr uint32_t HITS_PER_SOURCE_MAX = 64;
constexpr uint32_t SAMPLES_PER_SOURCE_MAX = 8;
constexpr uint32_t SAMPLE_SIZE_MAX = 1024;
constexpr uint32_t FIND_SIZE = 20;
constexpr uint32_t FINDS_PER_SOURCE_MAX = 1024;
constexpr uint32_t HIT_AFTER_WAIT = 1;  // the payload opened a connection, four seconds late
constexpr uint32_t HELLO_OBSOLETE = 0x40000000;

/// What a page of a set of ports is of. `other`: a bit for each type of each protocol without
/// ports, the protocol's number first.
enum PortPage : uint8_t {
  PORT_PAGE_TCP = 0,
  PORT_PAGE_UDP = 1,
  PORT_PAGE_SCTP = 2,
  PORT_PAGE_OTHER = 3,
};

enum class BatchKind : uint8_t {
  partial = 0,  ///< sent the moment a source crosses an early count; the final one supersedes it
  final = 1,    ///< the epoch is over for this shard; sent even when empty, as the watermark
};

/// What a source did to a (target, protocol, port). Bits of `kinds`.
enum ProbeKind : uint16_t {
  PROBE_SYN = 1 << 0,
  PROBE_FIN = 1 << 1,
  PROBE_NULL = 1 << 2,
  PROBE_XMAS = 1 << 3,
  PROBE_ACK = 1 << 4,             ///< bare ACK outside a connection: ACK and window scans
  PROBE_MAIMON = 1 << 5,          ///< FIN and ACK outside a connection
  PROBE_ODD_FLAGS = 1 << 6,       ///< any other combination no connection would send (SYN+FIN ...)
  PROBE_UDP = 1 << 7,
  PROBE_ICMP_ECHO = 1 << 8,
  PROBE_ICMP_TIMESTAMP = 1 << 9,
  PROBE_ICMP_MASK = 1 << 10,
  PROBE_ICMP_OTHER = 1 << 11,     ///< information request, router solicitation, ICMPv6 node queries
  PROBE_SCTP_INIT = 1 << 12,
  PROBE_SCTP_COOKIE_ECHO = 1 << 13,
  /// A protocol other than the above: the contact's protocol, port 0.
  PROBE_IP_PROTOCOL = 1 << 14,
  PROBE_INFERRED = 1 << 15,       ///< the probe was not seen, the answer only a probe gets was
};

/// How it ended. Bits of `outcome`, as told by the protected side's answers and what followed.
enum Outcome : uint16_t {
  OUTCOME_OPEN = 1 << 0,            ///< SYN-ACK, INIT-ACK, UDP answer, echo or timestamp reply
  OUTCOME_CLOSED = 1 << 1,          ///< RST, ABORT, ICMP port unreachable
  OUTCOME_UNREACHABLE = 1 << 2,     ///< any other ICMP unreachable, time exceeded or prohibition
  OUTCOME_ESTABLISHED = 1 << 3,     ///< the source acknowledged our sequence number: path proven
  OUTCOME_SOURCE_DATA = 1 << 4,
  OUTCOME_TARGET_DATA = 1 << 5,
  OUTCOME_SOURCE_RESET = 1 << 6,    ///< the source reset our SYN-ACK in window: path proven
  OUTCOME_STACK_SPLIT = 1 << 7,     ///< ... from another stack than its SYN: a user-space scanner
  OUTCOME_BACKSCATTER_SYN_ACK = 1 << 8,   ///< unsolicited SYN-ACK from this source
  OUTCOME_BACKSCATTER_RST = 1 << 9,       ///< unsolicited RST that answers a SYN we never sent
  OUTCOME_BACKSCATTER_ICMP = 1 << 10,     ///< ICMP error about a packet we never sent
  OUTCOME_BACKSCATTER_REPLY = 1 << 11,    ///< UDP service answer to a question we never asked
  OUTCOME_MIDSTREAM = 1 << 12,      ///< data of a connection whose beginning was not seen
  /// The source only listened: it closed after the service's first words without saying any, or
  /// said its first after four seconds of silence. Nmap -sV begins so with every service.
  OUTCOME_WAITED = 1 << 13,
  /// When the probe came, the target had been silent in sight for as long as `dark_after_us` asks.
  OUTCOME_DARK_TARGET = 1 << 14,
};

/// A contact: one (target, protocol, port) of a source in one epoch. Where its fields begin.
enum ContactAt : uint32_t {
  CONTACT_AT_TARGET = 0,     ///< u16, index of the target
  CONTACT_AT_PROTOCOL = 2,   ///< u8
  CONTACT_AT_TTL = 3,        ///< u8, of the first probe
  CONTACT_AT_PORT = 4,       ///< u16; ICMP: the type
  CONTACT_AT_KINDS = 6,      ///< u16, ProbeKind
  CONTACT_AT_OUTCOME = 8,    ///< u16, Outcome
  CONTACT_AT_PACKETS = 10,   ///< u16, saturating
  CONTACT_AT_FIRST_US = 12,  ///< u32, after the epoch's start
  CONTACT_AT_LAST_US = 16,   ///< u32
  /// u32, hash of the first probe's source port, sequence number and IP ID: decoys share it.
  CONTACT_AT_TUPLE = 20,
};

/// A hit: a known payload, or a TLS hello of a certain shape, sent to one service. A sample, which
/// is no such record, is the beginning of a TLS hello or HTTP request, at most SAMPLE_SIZE_MAX
/// bytes.
enum HitAt : uint32_t {
  /// u32. Below 2^31 a signature's id. Above, a hello: HELLO_OBSOLETE when it offers less than TLS
  /// 1.2, and a hash of its version and cipher suites in the 30 bits below.
  HIT_AT_CODE = 0,
  HIT_AT_TARGET = 4,    ///< u16, index of the target
  HIT_AT_PROTOCOL = 6,  ///< u8
  HIT_AT_FLAGS = 7,     ///< u8, HIT_AFTER_WAIT
  HIT_AT_PORT = 8,      ///< u16
  HIT_AT_TIMES = 10,    ///< u16, saturating
};

/// A find: an open service beyond the list of contacts.
enum FindAt : uint32_t {
  FIND_AT_TARGET = 0,     ///< 16 bytes, IPv4 mapped
  FIND_AT_PROTOCOL = 16,  ///< u8; the byte after it is 0
  FIND_AT_PORT = 18,      ///< u16; ICMP: the type
};

/// A single: a source and its only contact.
enum SingleAt : uint32_t {
  SINGLE_AT_TUNNEL_KEY = 0,  ///< u32
  SINGLE_AT_SOURCE = 4,      ///< 16 bytes, IPv4 mapped
  SINGLE_AT_TARGET = 20,     ///< 16 bytes, IPv4 mapped
  SINGLE_AT_PROTOCOL = 36,   ///< u8
  SINGLE_AT_TTL = 37,        ///< u8
  SINGLE_AT_PORT = 38,       ///< u16
  SINGLE_AT_KINDS = 40,      ///< u16, ProbeKind
  SINGLE_AT_OUTCOME = 42,    ///< u16, Outcome
  SINGLE_AT_PACKETS = 44,    ///< u16, saturating
  SINGLE_AT_SIGNATURE = 46,  ///< u16, or NO_SIGNATURE
  SINGLE_AT_TRAITS = 48,     ///< u32, Trait
  SINGLE_AT_FIRST_US = 52,   ///< u32, after the epoch's start
  SINGLE_AT_LAST_US = 56,    ///< u32
  SINGLE_AT_TUPLE = 60,      ///< u32
};

enum Trait : uint32_t {
  TRAIT_MARK_CANDIDATE = 1 << 0,    ///< a raw SYN that could carry a scanner's mark
  TRAIT_MARK_MASSCAN = 1 << 1,
  TRAIT_MARK_ZMAP = 1 << 2,
  TRAIT_MARK_MIRAI = 1 << 3,
  TRAIT_MARK_NMAP = 1 << 4,
  TRAIT_MARK_UNICORNSCAN = 1 << 5,
  TRAIT_BAD_CHECKSUM = 1 << 6,      ///< wrong, and not offload
  TRAIT_NMAP_BADSUM = 1 << 7,
  TRAIT_FRAGMENT_TINY = 1 << 8,
  TRAIT_FRAGMENT_OVERLAP = 1 << 9,
  TRAIT_TRUSTED_SOURCE_PORT = 1 << 10,
  TRAIT_PROBE_WITH_DATA = 1 << 11,  ///< payload on a SYN, FIN, NULL or Xmas
  TRAIT_IP_OPTIONS = 1 << 12,
  /// A SYN no operating system sends: no options, or DF off with a tiny window.
  TRAIT_RAW_STACK = 1 << 13,
  TRAIT_EMPTY_ECHO = 1 << 14,       ///< ICMP echo without payload
  // Nmap's OS detection, probe by probe (osscan2.cc). No counters: a source's traits say which it
  // sent.
  TRAIT_OS_SEQ = 1 << 15,           ///< one of the six SYNs of the sequence test
  TRAIT_OS_ECN = 1 << 16,
  TRAIT_OS_T2 = 1 << 17,
  TRAIT_OS_T3 = 1 << 18,
  TRAIT_OS_T4 = 1 << 19,
  TRAIT_OS_T5 = 1 << 20,
  TRAIT_OS_T6 = 1 << 21,
  TRAIT_OS_T7 = 1 << 22,
  TRAIT_OS_IE = 1 << 23,
  TRAIT_OS_U1 = 1 << 24,
  /// Singles only: an unsolicited SYN-ACK that no server sends (SOURCE_RAW_SYN_ACKS).
  TRAIT_RAW_SYN_ACK = 1 << 25,
};

/// Counters of a source in one epoch, in this order. The first fifteen follow ProbeKind's bits and
/// count packets; then answers and traits, in packets too.
enum SourceCounter : uint8_t {
  SOURCE_SYN, SOURCE_FIN, SOURCE_NULL, SOURCE_XMAS, SOURCE_ACK, SOURCE_MAIMON, SOURCE_ODD_FLAGS,
  SOURCE_UDP, SOURCE_ICMP_ECHO, SOURCE_ICMP_TIMESTAMP, SOURCE_ICMP_MASK, SOURCE_ICMP_OTHER,
  SOURCE_SCTP_INIT, SOURCE_SCTP_COOKIE_ECHO, SOURCE_IP_PROTOCOL,
  SOURCE_ANSWER_OPEN, SOURCE_ANSWER_CLOSED, SOURCE_ANSWER_UNREACHABLE, SOURCE_ESTABLISHED,
  SOURCE_RESET, SOURCE_STACK_SPLIT, SOURCE_UNSOLICITED,
  SOURCE_MARK_CANDIDATE, SOURCE_MARK_MASSCAN, SOURCE_MARK_ZMAP, SOURCE_MARK_MIRAI, SOURCE_MARK_NMAP,
  SOURCE_MARK_UNICORNSCAN, SOURCE_BAD_CHECKSUM, SOURCE_NMAP_BADSUM, SOURCE_FRAGMENT_TINY,
  SOURCE_FRAGMENT_OVERLAP, SOURCE_TRUSTED_SOURCE_PORT, SOURCE_PROBE_WITH_DATA, SOURCE_IP_OPTIONS,
  SOURCE_RAW_STACK, SOURCE_EMPTY_ECHO,
  SOURCE_RESETS_OTHER_CLASS,  ///< resets whose initial TTL is not that of the probe they follow
  SOURCE_RESET_ID_STEPS,      ///< resets whose IP ID counts on from the one before
  SOURCE_RAW_SYN_ACKS,        ///< unsolicited SYN-ACKs of a user-space stack: idle scans probe so
  SOURCE_RUN_KEY,  ///< raw probes whose sequence value fits the first one's run key
  SOURCE_COUNTER_COUNT,
};

/// Counters of a target (a protected address) in one epoch, in this order.
enum TargetCounter : uint8_t {
  TARGET_PROBES, TARGET_SYNS, TARGET_SYN_ACKS, TARGET_ESTABLISHED, TARGET_RESETS,
  /// One-probe sources counted here only, since the target is being flooded.
  TARGET_SINGLES_FOLDED,
  TARGET_COUNTER_COUNT,
};

/// Counters of a protected host's own behaviour in one epoch, in this order.
enum HostCounter : uint8_t {
  HOST_PACKETS_OUT, HOST_SYN_ACKS_OUT, HOST_RESETS_OUT, HOST_UNSOLICITED_SYN_ACKS,
  HOST_UNSOLICITED_RESETS, HOST_IP_ID_FIRST, HOST_IP_ID_LAST, HOST_IP_ID_STEPS,
  HOST_COUNTER_COUNT,
};

/// How well the sensor saw this epoch, in this order. The same in every shard's batch of the epoch.
enum CoverageField : uint8_t {
  COVERAGE_PACKETS, COVERAGE_INBOUND, COVERAGE_OUTBOUND, COVERAGE_DROPPED, COVERAGE_TRUNCATED,
  COVERAGE_SOURCES_REFUSED,   ///< sources that found no room, in either tier
  COVERAGE_SINGLES_FOLDED, COVERAGE_SKETCHES_REFUSED,
  COVERAGE_FIELD_COUNT,
};

}  // namespace picket
