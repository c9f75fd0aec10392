/**
 * The built-in detectors, in the order of docs/detectors.md. To add one: write its file, add its
 * line.
 */
import type { Detector } from '../../plugin-api/src/index.js';
import { addressScan } from './address-scan.js';
import { backscatter } from './backscatter.js';
import { badChecksum, fragmentedProbe, trustedSourcePort } from './evasion-by-counter.js';
import { fanOut } from './fan-out.js';
import { honeyport } from './honeyport.js';
import { idleScanTarget, idleScanZombie } from './idle-scan.js';
import { ipProtocolScan } from './ip-protocol-scan.js';
import { osDetection } from './os-detection.js';
import { portScan } from './port-scan.js';
import { randomScan } from './random-scan.js';
import { scannerSignature } from './scanner-signature.js';
import { scriptScan } from './script-scan.js';
import { slowScan } from './slow-scan.js';
import { stealthScan } from './stealth-scan.js';
import { synFlood } from './syn-flood.js';
import { versionScan } from './version-scan.js';

export const BUILT_IN_DETECTORS: readonly Detector[] = [
  addressScan,
  randomScan,
  scannerSignature,
  portScan,
  versionScan,
  scriptScan,
  osDetection,
  ipProtocolScan,
  stealthScan,
  badChecksum,
  fragmentedProbe,
  trustedSourcePort,
  slowScan,
  idleScanZombie,
  idleScanTarget,
  honeyport,
  fanOut,
  synFlood,
  backscatter,
];
