import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.js';
import {
  accountOf,
  accountToBecome,
  makeFolderFor,
  requireFolder,
  requireSocket,
} from './privileges.js';

const USERS = `root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
picket:x:990:980::/var/lib/picket:/usr/sbin/nologin
toor:x:0:0::/root:/bin/sh
broken:x
`;
const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534 };
const scratch = scratchFolder();

const plan = (user: string, uid = 0, stay_root = false) =>
  accountToBecome({ privileges: { user, stay_root } }, uid, USERS);

describe('whom a live command becomes', () => {
  it('is the user of the configuration, when root starts it', () => {
    expect(plan('picket')).toEqual({ name: 'picket', uid: 990, gid: 980 });
    expect(plan('nobody')).toEqual(NOBODY);
  });

  it('is who it is, when somebody else starts it or root insists', () => {
    expect(plan('picket', 1000)).toBeNull();
    expect(plan('nosuch', 1000)).toBeNull();
    expect(plan('picket', 0, true)).toBeNull();
    expect(plan('nosuch', 0, true)).toBeNull();
  });

  it.each(['nosuch', 'broken', '', 'toor', 'root'])('is not %j, and says the ways out', (user) => {
    expect(() => plan(user)).toThrow(
      expect.objectContaining({
        code: 'privileges-kept',
        message: expect.stringMatching(/useradd.*privileges\.user.*setcap.*--stay-root/s),
      }),
    );
  });

  it('reads users as passwd(5) has them', () => {
    expect(accountOf('picket', USERS)?.gid).toBe(980);
    expect(accountOf('picke', USERS)).toBeNull();
    expect(accountOf('picket', '')).toBeNull();
  });
});

describe('a folder that is written to afterwards', () => {
  it('is fine when all of it can be written', () => {
    writeFileSync(join(scratch, '1.spool'), '');
    expect(() => requireFolder(NOBODY, 'spool.path', scratch)).not.toThrow();
  });

  it('is named with its setting when it cannot', () => {
    const path = join(scratch, 'nosuch');
    expect(() => requireFolder(NOBODY, 'spool.path', path)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^spool\.path .*nobody.*nosuch.*chown -R nobody: /),
      }),
    );
  });

  it.skipIf(process.getuid?.() !== 0)('is handed over when it is new, and only then', () => {
    const [fresh, old] = [join(scratch, 'fresh'), join(scratch, 'old')];
    mkdirSync(old);
    makeFolderFor(NOBODY, fresh);
    makeFolderFor(NOBODY, old);
    expect([statSync(fresh).uid, statSync(old).uid]).toEqual([NOBODY.uid, 0]);
  });
});

describe('a socket of Redis', () => {
  it('may be there later', () => {
    expect(() => requireSocket(NOBODY, join(scratch, 'later.sock'))).not.toThrow();
  });

  it('must let the user in', () => {
    expect(() => requireSocket(NOBODY, join(scratch, '1.spool', 'below-a-file'))).toThrow(
      expect.objectContaining({
        code: 'privileges-kept',
        message: expect.stringMatching(/nobody.*unixsocketperm.*--stay-root/s),
      }),
    );
  });
});
