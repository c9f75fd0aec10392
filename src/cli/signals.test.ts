import { afterEach, describe, expect, it, vi } from 'vitest';
import { onStopSignal } from './signals.js';

describe('stop signals', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('stops once however often one request arrives, and ends at once on the next request', () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
    const stop = vi.fn();
    const release = onStopSignal(stop);
    process.emit('SIGINT', 'SIGINT');
    clock.mockReturnValue(1020);
    process.emit('SIGINT', 'SIGINT');
    expect(stop).toHaveBeenCalledExactlyOnceWith('SIGINT');
    expect(exit).not.toHaveBeenCalled();
    clock.mockReturnValue(2000);
    process.emit('SIGINT', 'SIGINT');
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
    release();
  });

  it('gives the signals back', () => {
    const before = process.listenerCount('SIGTERM');
    onStopSignal(() => {})();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
