import { Secret } from '../../kernel/secret.js';

/** Options that let a read see an earlier state, or a write succeed before a majority has it on its disks. */
const LOOSE_OPTIONS =
  /(?<=[?&])(?:readPreference|readPreferenceTags|maxStalenessSeconds|w|j|journal)=[^&]*&?/gi;

/**
 * The URI without such options. Each step depends on what the step before has written, so a secondary must not be read: it is a
 * little behind. The options come with the URI of another program, such as manager 1.0.3, or of a database host.
 */
export function strictUri(uri: Secret): Secret {
  const text = uri.reveal();
  const start = text.indexOf('?');
  return start < 0 ? uri : new Secret(text.slice(0, start) + text.slice(start).replace(LOOSE_OPTIONS, ''));
}
