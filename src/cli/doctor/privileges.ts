/** Whether this user may watch interfaces, and whether root can be given up afterwards. */
import { GRANT } from '../../capture/interface-error.js';
import { type CheckResult, ok, readText, warn } from './check.js';

/** Bits of capability sets: linux/capability.h. */
const CAP_SETGID = 6n;
const CAP_SETUID = 7n;
const CAP_NET_RAW = 13n;

const CHECK = 'privileges';

/** `status` is /proc/self/status (proc(5)), null where there is none. */
export function checkPrivileges(
  uid = process.geteuid?.(),
  status = readText('/proc/self/status'),
): CheckResult {
  const isRoot = uid === 0;
  const mayWatch = status === null ? isRoot : hasCapability(status, CAP_NET_RAW);
  if (!isRoot) {
    return mayWatch
      ? ok(CHECK, 'CAP_NET_RAW without root: interfaces can be watched')
      : warn(
          CHECK,
          'neither root nor CAP_NET_RAW: files can be read, interfaces cannot',
          `run live commands as root, or: sudo ${GRANT}`,
        );
  }
  if (!mayWatch) {
    return warn(
      CHECK,
      'root without CAP_NET_RAW, as in some containers: interfaces cannot be watched',
      'give the container the capability (docker run --cap-add NET_RAW)',
    );
  }
  const mayBecome = [CAP_SETGID, CAP_SETUID].every(
    (bit) => status === null || hasCapability(status, bit),
  );
  return mayBecome
    ? ok(CHECK, 'root: live commands open the interface, then become privileges.user')
    : warn(
        CHECK,
        'root without CAP_SETUID and CAP_SETGID: live commands cannot become privileges.user',
        'give the container both (docker run --cap-add SETUID --cap-add SETGID), or --stay-root',
      );
}

/** Reads CapEff, a hexadecimal bit set. */
export function hasCapability(status: string, bit: bigint): boolean {
  const effective = status.match(/^CapEff:\s*([0-9a-f]+)$/m)?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n;
}
