import type { Words } from '../../i18n/words.js';

const HOUR_S = 3_600;

/** What is said where no bot took an event: of the last hour, or since the replica started, which knows nothing of before. */
export function quietTitle(
  uptimeS: number,
  { quiet, quietSinceStart }: Pick<Words['overview']['verdict'], 'quiet' | 'quietSinceStart'>,
  format: (seconds: number) => string,
): string {
  return uptimeS < HOUR_S ? quietSinceStart(format(uptimeS)) : quiet;
}
