/** Memory of another process on Linux, MB: what it has now, and the most that it had since the last look was begun. */
import { readFileSync, writeFileSync } from 'node:fs';

export class PeakMemory {
  readonly #beforeMb: number;

  private constructor(private readonly pid: number) {
    // Resets the peak (man 5 proc_pid_clear_refs).
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    this.#beforeMb = residentMb(pid, 'VmRSS');
  }

  static from(pid: number): PeakMemory {
    return new PeakMemory(pid);
  }

  /** How far it rose over what it was at the beginning. */
  grownMb(): number {
    return residentMb(this.pid, 'VmHWM') - this.#beforeMb;
  }
}

function residentMb(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const kB = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (kB === null) throw new Error(`no ${field} in /proc/${pid}/status`);
  return Number(kB[1]) / 1_024;
}
