/**
 * Operational errors: one code, one exit status, and a message that says what, where and what to
 * do.
 */

export const ERROR_CODES = {
  usage: { exit: 2, means: 'the command line is wrong' },
  'config-invalid': { exit: 2, means: 'the configuration has mistakes' },
  'input-unreadable': { exit: 2, means: 'a file cannot be opened' },
  'input-damaged': { exit: 3, means: 'a capture is damaged; what came before has been reported' },
  'interface-unavailable': {
    exit: 2,
    means: 'an interface does not exist, is down, or needs privileges',
  },
  'privileges-kept': { exit: 2, means: 'root cannot be given up as configured' },
  'observer-unavailable': { exit: 2, means: 'the requested observer cannot be loaded' },
  'transport-closed': { exit: 1, means: 'a batch was published after close' },
  'batch-invalid': { exit: 1, means: 'a batch cannot be decoded' },
  'metrics-unavailable': { exit: 2, means: 'the address for metrics cannot be listened on' },
  'fleet-mismatch': { exit: 2, means: 'the processes of a fleet are set up differently' },
  'redis-unavailable': { exit: 1, means: 'Redis does not answer' },
  'redis-refused': { exit: 2, means: 'Redis does not let us in, or not do what is needed' },
  'command-failed': { exit: 1, means: 'a command was refused, or not answered in time' },
  'worker-died': { exit: 1, means: 'a detection worker ended unexpectedly' },
  'output-failed': { exit: 1, means: 'an output cannot be written' },
  'output-closed': {
    exit: 0,
    means: 'the reader of standard output has left: the end, not a failure',
  },
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;

/** `message` is for people: what happened, where, and what to do next, in one or two sentences. */
export class PicketError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'PicketError';
  }

  get exitStatus(): number {
    return ERROR_CODES[this.code].exit;
  }
}
