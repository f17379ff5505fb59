import { type Config, ConfigError, isOpenToOthers, toSummary, valueOf } from '../../config/config.js';
import { readConfig } from '../../config/config-or-exit.js';
import { secretFileOf } from '../../config/secret-files.js';
import { SETTINGS } from '../../config/settings.js';
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
  const summary = toSummary(config);
  const names = Object.values(SETTINGS)
    .filter((setting) => valueOf(setting, process.env) || process.env[secretFileOf(setting.name)])
    .map(({ name }) => name);
  const shown = names.map((name) => `${name}=${shownAs(summary[name])}`);
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
