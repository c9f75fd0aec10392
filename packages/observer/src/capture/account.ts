/** A user of this machine, as a process that was started by root can become it. */
export interface Account {
  name: string;
  uid: number;
  /** Its primary group. */
  gid: number;
}

/** Documented, but not in @types/node. */
type Posix = typeof process & { initgroups?(user: string, extraGroup: number): void };

/**
 * Makes this process the account's, with the account's groups and none of root's. The kernel takes
 * all capabilities with it (capabilities(7)), except those a thread has asked to keep; the C
 * library does it for every thread (setuid(2)).
 * @throws Error when the system refuses, or when there would be a way back.
 */
export function becomeAccount({ name, uid, gid }: Account): void {
  const { initgroups, setgid, setuid, getuid, geteuid, getgid, getegid } = process as Posix;
  if (!initgroups || !setgid || !setuid || !getuid || !geteuid || !getgid || !getegid) {
    throw new Error('this system has no users to become');
  }
  initgroups(name, gid);
  setgid(gid);
  setuid(uid);
  const isComplete = getuid() === uid && geteuid() === uid && getgid() === gid && getegid() === gid;
  if (!isComplete || canBecomeRoot(setuid)) throw new Error('a way back to root is left');
}

function canBecomeRoot(setuid: (id: number) => void): boolean {
  try {
    setuid(0);
    return true;
  } catch {
    return false;
  }
}
