import { Secret } from '../../kernel/secret.js';

/** What lets a read see an earlier state, or a write count before a majority has it on its disks. */
const LOOSE_OPTIONS =
  /(?<=[?&])(?:readPreference|readPreferenceTags|maxStalenessSeconds|w|j|journal)=[^&]*&?/gi;

/**
 * The URI as managers use it. Each step depends on what the one before has written, so a secondary, which is a little behind,
 * cannot be read. The URI may be another program's, as with manager 1.0.3, or a hosted database's proposal.
 */
export function strictUri(uri: Secret): Secret {
  const text = uri.reveal();
  const start = text.indexOf('?');
  return start < 0 ? uri : new Secret(text.slice(0, start) + text.slice(start).replace(LOOSE_OPTIONS, ''));
}
