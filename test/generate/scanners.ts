/**
 * What the first packet of each stateless scanner looks like, from the tools' sources. `synthetic`
 * versions were never captured here: no binary was at hand, only the source was read.
 */
import { mix32 } from './random.js';
import type { Tcp4 } from './tcp4.js';

export interface ScannerStack {
  synthetic: boolean;
  /** Sets every field of the SYN that depends on the tool; addresses and ports are set already. */
  fill(tcp: Tcp4, seed: number): void;
}

const NONE = new Uint8Array(0);
const MSS_1460 = Uint8Array.of(2, 4, 0x05, 0xb4);
/** MSS 1460, NOP, window scale 8, NOP, NOP, SACK permitted. */
const WINDOWS = Uint8Array.of(2, 4, 0x05, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2);
/** MSS 1460, SACK permitted, timestamps, NOP, window scale 7: Linux's own SYN. */
export const LINUX_SYN = Uint8Array.of(
  2,
  4,
  0x05,
  0xb4,
  4,
  2,
  8,
  10,
  0,
  1,
  0x86,
  0xa0,
  0,
  0,
  0,
  0,
  1,
  3,
  3,
  7,
);

function common(tcp: Tcp4, ttl: number, window: number, options: Uint8Array): void {
  tcp.flags = 0x02;
  tcp.acknowledgement = 0;
  tcp.dontFragment = false;
  tcp.payloadSize = 0;
  tcp.ttl = ttl;
  tcp.window = window;
  tcp.options = options;
}

/** Stands for the keyed hash (SipHash in masscan, AES in ZMap) of addresses and ports. */
function validation(tcp: Tcp4, seed: number, word: number): number {
  const addresses = mix32(tcp.destination ^ seed, tcp.source);
  return mix32(addresses + word, ((tcp.destinationPort << 16) | tcp.sourcePort) >>> 0);
}

/** masscan `src/templ-pkt.c`: the IP id is the low half of target ^ port ^ sequence. */
function masscanId(tcp: Tcp4): number {
  return (tcp.destination ^ tcp.destinationPort ^ tcp.sequence) & 0xffff;
}

export const SCANNERS = {
  /** masscan 1.3.2. */
  'masscan-1.3': {
    synthetic: false,
    fill(tcp, seed) {
      common(tcp, 255, 1024, NONE);
      tcp.sequence = validation(tcp, seed, 0);
      tcp.id = masscanId(tcp);
    },
  },
  /** masscan after 4f89257 (2023-11): MSS 1460 and window bytes 04 01. */
  'masscan-2023': {
    synthetic: true,
    fill(tcp, seed) {
      common(tcp, 255, 1025, MSS_1460);
      tcp.sequence = validation(tcp, seed, 0);
      tcp.id = masscanId(tcp);
    },
  },
  /** ZMap 2.1.1. */
  'zmap-2.1': {
    synthetic: false,
    fill(tcp, seed) {
      common(tcp, 255, 65535, NONE);
      tcp.sequence = validation(tcp, seed, 0);
      tcp.id = 54321;
    },
  },
  /** ZMap 3.0.0: as before, with an MSS. */
  'zmap-3.0': {
    synthetic: true,
    fill(tcp, seed) {
      common(tcp, 255, 65535, MSS_1460);
      tcp.sequence = validation(tcp, seed, 0);
      tcp.id = 54321;
    },
  },
  /** ZMap 4.1.0: Windows options, TTL 64, the id from the last validation word. */
  'zmap-4.1': {
    synthetic: true,
    fill(tcp, seed) {
      common(tcp, 64, 65535, WINDOWS);
      tcp.sequence = validation(tcp, seed, 0);
      tcp.id = validation(tcp, seed, 3) & 0xffff;
    },
  },
  /** Mirai's scanner: the sequence number is the target. */
  mirai: {
    synthetic: true,
    fill(tcp, seed) {
      common(tcp, 64, validation(tcp, seed, 1) & 0xffff, NONE);
      tcp.sequence = tcp.destination;
      tcp.id = validation(tcp, seed, 2) & 0xffff;
    },
  },
  /** Nmap -sS: one sequence number for the run, MSS 1460, a TTL of 37 to 59 for each packet. */
  'nmap-syn': {
    synthetic: false,
    fill(tcp, seed) {
      common(tcp, 37 + (validation(tcp, seed, 1) % 23), 1024, MSS_1460);
      tcp.sequence = mix32(seed, 0x6e6d6170);
      tcp.id = validation(tcp, seed, 2) & 0xffff;
    },
  },
  /** hping3 -S: window 512, no options, everything else drawn for each packet. */
  hping3: {
    synthetic: false,
    fill(tcp, seed) {
      common(tcp, 64, 512, NONE);
      tcp.sequence = validation(tcp, seed, 0);
      tcp.acknowledgement = validation(tcp, seed, 1);
      tcp.id = validation(tcp, seed, 2) & 0xffff;
    },
  },
} satisfies Record<string, ScannerStack>;

export type ScannerName = keyof typeof SCANNERS;
