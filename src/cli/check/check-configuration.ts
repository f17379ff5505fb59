import { type Config, ConfigError, isOpenToOthers, toSummary } from '../../config/config.js';
import { readConfig } from '../../config/config-or-exit.js';
import { type Finding, failed, ok, warning } from './finding.js';

/** @returns `null` as `config` when there are mistakes. */
export function checkConfiguration(): { readonly config: Config | null; readonly finding: Finding } {
  try {
    const config = readConfig();
    return { config, finding: judge(config) };
  } catch (error) {
    const mistakes = error instanceof ConfigError ? error.mistakes : [String(error)];
    return { config: null, finding: failed('configuration', mistakes.join('; ')) };
  }
}

function judge(config: Config): Finding {
  const shown = Object.entries(toSummary(config, process.env)).map(
    ([name, value]) => `${name}=${shownAs(value)}`,
  );
  const all = shown.length === 0 ? 'nothing is set, all is at its default' : shown.join(' ');
  if (isOpenToOthers(config)) {
    const reason = `ALLOW_OPEN=true lets everybody who reaches HOST ${config.host} do everything; set AUTH_PUPPET_TOKEN and the like (keys generate makes them)`;
    return warning('configuration', `${all}; ${reason}`);
  }
  return ok('configuration', all);
}

function shownAs(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value).replaceAll('"', '')
    : String(value);
}
