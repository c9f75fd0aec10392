import { PAYLOAD_SIGNATURES } from '../../plugin-api/src/payload-signatures.js';

/**
 * What the observer is told; the same for both twins. Twin of `ObserverConfig` in
 * `native/core/pipeline.h`.
 */
export interface ObserverOptions {
  /** Name of this sensor, part of every batch. At most 64 bytes of UTF-8. */
  sensor: string;
  /** Protected networks, CIDR text, both families. At most 256. */
  homeNets: string[];
  shardCount: number;
  epochUs: number;
  /**
   * Packet time for which the answers of protected hosts must have passed the sensor before an
   * address that sent nothing counts as dark; 0 is never.
   */
  darkAfterUs: number;
  /**
   * The same before a bare ACK or FIN-ACK to an address that sent nothing is a probe, whatever
   * sent it.
   */
  silentAfterUs: number;
  /**
   * A partial batch is sent when a source reaches these distinct counts inside one epoch; 0 is
   * never.
   */
  earlyTargets: number;
  earlyPorts: number;
  earlyPairs: number;
  /** Known payloads to look for. */
  payloadSignatures: readonly PayloadPattern[];
  /** Table capacities; see `DEFAULT_TABLES`. */
  tables: ObserverTables;
}

/**
 * A known payload: the bytes, and where they must stand. `hex` is pairs of lower-case hex digits,
 * `..` for any byte but the first; at most 128 bytes. `id` is below 2^15.
 */
export interface PayloadPattern {
  id: number;
  transport: 'tcp' | 'udp';
  at: 'whole' | 'start' | 'anywhere';
  hex: string;
}

/** Table capacities, in entries. */
export interface ObserverTables {
  sourcesMax: number;
  lightSourcesMax: number;
  targetsMax: number;
  hostsMax: number;
  contactsMax: number;
  sketchesMax: number;
  portPagesMax: number;
  flowsMax: number;
  fragmentsMax: number;
  duplicatesMax: number;
  signaturesMax: number;
  singlesEmittedMax: number;
}

/**
 * Fits in 512 MiB at 262,144 active sources an epoch. Equal to `ObserverTables` in
 * `native/core/pipeline.h`.
 */
export const DEFAULT_TABLES: Readonly<ObserverTables> = {
  sourcesMax: 65_536,
  lightSourcesMax: 262_144,
  targetsMax: 65_536,
  hostsMax: 16_384,
  contactsMax: 524_288,
  sketchesMax: 2_048,
  portPagesMax: 4_096,
  flowsMax: 524_288,
  fragmentsMax: 4_096,
  duplicatesMax: 8_192,
  signaturesMax: 4_096,
  singlesEmittedMax: 16_384,
};

/** Equal to the defaults of `ObserverConfig` in `native/core/pipeline.h`. */
export const DEFAULT_OPTIONS: Readonly<ObserverOptions> = {
  sensor: 'local',
  homeNets: [],
  shardCount: 16,
  epochUs: 1_000_000,
  darkAfterUs: 86_400_000_000,
  silentAfterUs: 0,
  earlyTargets: 100,
  earlyPorts: 100,
  earlyPairs: 250,
  payloadSignatures: PAYLOAD_SIGNATURES,
  tables: DEFAULT_TABLES,
};
