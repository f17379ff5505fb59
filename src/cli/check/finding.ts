/** `warning`: needs a look, but does not prevent the start; `skipped`: could not be checked, or was not to be. */
export type Status = 'ok' | 'warning' | 'failed' | 'skipped';

/** The result of one check, with the remedy if something is wrong. */
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
