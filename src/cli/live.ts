/** What happens in every live command once its interface is open. */
import type { Input } from '../capture/contract.js';
import type { Logger } from '../shared/logger.js';
import { become, requireFolder, requireSocket } from './privileges.js';
import type { Progress, Service } from './service.js';

export interface Opening {
  input: Input & { kind: 'interface' };
  log: Logger;
  service: Service;
  progress: Progress;
  /** The folder that is written to from now on, if any. */
  spool?: string;
  /** The Unix socket of Redis, if it has one. */
  socket?: string;
}

/**
 * For `ObserverEvents.opened`: gives up root, before a single packet is looked at, and tells the
 * service manager. An interface that was opened again changes nothing.
 * @throws PicketError `privileges-kept`
 */
export function onceOpened({ input, log, service, progress, spool, socket }: Opening): () => void {
  const { name, becomes: account } = input;
  let wasOpen = false;
  return () => {
    if (wasOpen) return;
    wasOpen = true;
    if (account !== undefined) {
      become(account);
      if (spool !== undefined) requireFolder(account, 'spool.path', spool);
      if (socket !== undefined) requireSocket(account, socket);
      log.info({ user: account.name }, 'no longer root: the interface is open');
    }
    service.ready(`watching ${name}`, progress);
  };
}
