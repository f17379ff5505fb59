/** `warning`: to be looked at, and no reason not to start; `skipped`: could not be, or was not to be looked at. */
export type Status = 'ok' | 'warning' | 'failed' | 'skipped';

/** What one check found: of what is wrong, also what to do. */
export interface Finding {
  readonly check: 'configuration' | 'store' | 'clock' | 'secrets' | 'manager' | 'wecom' | 'callback';
  readonly status: Status;
  readonly message: string;
}

type Check = Finding['check'];

export const ok = (check: Check, message: string): Finding => ({ check, status: 'ok', message });
export const warning = (check: Check, message: string): Finding => ({ check, status: 'warning', message });
export const failed = (check: Check, message: string): Finding => ({ check, status: 'failed', message });
export const skipped = (check: Check, message: string): Finding => ({ check, status: 'skipped', message });
