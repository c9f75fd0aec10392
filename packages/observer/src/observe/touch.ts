/**
 * A touch: one thing a packet tells about a source and a target, on its way into the tables. One
 * object is reused for every packet. Twin: `struct Touch` in `touch.h`.
 */
import { finish, HASH_SEED, mix } from '../base/hash.js';
import type { Packet } from '../decode/packet.js';
import { addressHash } from './address-index.js';

export class Touch {
  tunnelKey = 0;
  /** The source's address (the prober's, whoever sent this packet). */
  s0 = 0;
  s1 = 0;
  s2 = 0;
  s3 = 0;
  /** The target's: a protected address. */
  t0 = 0;
  t1 = 0;
  t2 = 0;
  t3 = 0;
  /** `keyedHash` of the two, see `hashAddresses`. */
  sourceHash = 0;
  targetHash = 0;
  /** protocol << 16 | port (ICMP: the request's type; other protocols: 0). */
  service = 0;
  /** Microseconds after the epoch's start. */
  offsetUs = 0;
  /** The packet is a probe: it counts, and the probe-only fields below are valid. */
  isProbe = false;
  /** Probes only: packets it stands for. 1, but for a light source that moves to full state. */
  packets = 1;
  /**
   * One ProbeKind bit. Without `isProbe`: what a contact that does not exist yet starts with
   * (inferred or 0).
   */
  kind = 0;
  /**
   * Without `isProbe`: whether a contact may be made for it, or only an existing one is updated.
   */
  mayCreate = false;
  /** Outcome bits this packet proves. */
  outcome = 0;
  /**
   * Probes only: Trait bits, interned SYN signature or NO_SIGNATURE, TTL, source port, run value.
   */
  traits = 0;
  signature = 0;
  ttl = 0;
  sourcePort = 0;
  runValue = 0;
  /**
   * The probe it comes from, in whose place `keptTuple` stands when it is not at hand any more.
   */
  probe: Packet | null = null;
  keptTuple = 0;
  /** A reset of our answer: its IP ID, else -1; and whether its initial TTL is not its probe's. */
  resetId = -1;
  resetOtherClass = false;
  /** An unsolicited SYN-ACK as only a user-space stack sends it. */
  rawSynAck = false;

  /**
   * What Nmap's decoys share with the real probe (scan_engine_raw.cc): source port, sequence
   * number, IP ID. Made when somebody keeps it, which of a scan is seldom.
   */
  tuple(): number {
    const { probe } = this;
    if (probe === null) return this.keptTuple;
    const ids = (probe.srcPort << 16) ^ probe.ipId;
    return finish(mix(mix(mix(HASH_SEED, ids), probe.tcpSeq), probe.tcpAck));
  }

  /** To be called once key and addresses are set. */
  hashAddresses(): void {
    const key = mix(HASH_SEED, this.tunnelKey);
    this.sourceHash = addressHash(key, this.s0, this.s1, this.s2, this.s3);
    this.targetHash = addressHash(key, this.t0, this.t1, this.t2, this.t3);
  }
}
