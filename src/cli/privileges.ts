/**
 * A live command started by root opens its interface and then goes on as a user without
 * privileges: what parses packets of strangers has nothing to lose.
 */
import { accessSync, constants, lchownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, becomeAccount } from '../capture/contract.js';
import { GRANT } from '../capture/interface-error.js';
import type { PicketConfig } from '../config/schema.js';
import { PicketError } from '../shared/errors.js';

const USERS = '/etc/passwd';
const WAYS_OUT =
  'Create a user (useradd --system picket) and name it as privileges.user; or give node the ' +
  `capability (${GRANT}) and run as a user without privileges; or insist with --stay-root.`;

/**
 * Whom to become once the interface is open; null to stay who we are, which is what everybody but
 * root does. `uid` and `users` (the text of passwd(5)) are for tests.
 * @throws PicketError `privileges-kept` when root is to become a user that is none, or root.
 */
export function accountToBecome(
  { privileges }: Pick<PicketConfig, 'privileges'>,
  uid = process.geteuid?.(),
  users = usersText(),
): Account | null {
  if (uid !== 0 || privileges.stay_root) return null;
  const account = accountOf(privileges.user, users);
  if (account === null || account.uid === 0) {
    const why = account === null ? `is no user of this machine (${USERS})` : 'is root itself';
    throw new PicketError(
      'privileges-kept',
      `Picket does not stay root, and privileges.user ${privileges.user} ${why}. ${WAYS_OUT}`,
    );
  }
  return account;
}

/** An entry of passwd(5): `name:password:uid:gid:comment:home:shell`. */
export function accountOf(name: string, users: string): Account | null {
  const fields = users
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);
  const [uid, gid] = (fields?.slice(2, 4) ?? []).map(Number);
  return Number.isInteger(uid) && Number.isInteger(gid) ? { name, uid, gid } : null;
}

/** @throws PicketError `privileges-kept`: whoever gets it must end. */
export function become(account: Account): void {
  try {
    becomeAccount(account);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PicketError(
      'privileges-kept',
      `Picket does not stay root, and cannot become ${account.name}: ${reason}. ${WAYS_OUT}`,
      { cause: error },
    );
  }
}

/** As root: makes a folder that `account` will write to. One that is there is left as it is. */
export function makeFolderFor(account: Account, path: string): void {
  try {
    if (mkdirSync(path, { recursive: true }) !== undefined) {
      lchownSync(path, account.uid, account.gid);
    }
  } catch {
    // Whoever uses the folder says what is wrong with it.
  }
}

/**
 * After `become`: a folder and what is in it must be ours to change.
 * @throws PicketError `privileges-kept`, though by then they are not: the run must not begin.
 */
export function requireFolder(account: Account, setting: string, path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    for (const name of readdirSync(path)) {
      accessSync(join(path, name), constants.R_OK | constants.W_OK);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PicketError(
      'privileges-kept',
      `${setting} cannot be used as ${account.name}, who Picket becomes: ${reason}. Hand it over ` +
        `(chown -R ${account.name}: ${path}) and let that user through the folders above it, ` +
        'name another, as /var/lib/picket/spool, or insist with --stay-root.',
      { cause: error },
    );
  }
}

/**
 * Checks, as the account, a Unix socket that is connected to again after a break. One that is not
 * there yet may still come.
 * @throws PicketError `privileges-kept`
 */
export function requireSocket(account: Account, path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    throw new PicketError(
      'privileges-kept',
      `Redis cannot be reached as ${account.name}, who Picket becomes: ${message}. Let that user ` +
        'in (unixsocketperm, the group of the socket), use redis://, or insist with --stay-root.',
      { cause: error },
    );
  }
}

function usersText(): string {
  try {
    return readFileSync(USERS, 'utf8');
  } catch {
    return '';
  }
}
