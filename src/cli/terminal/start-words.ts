/** What the manager tells a person who starts it in a terminal. */
import { resolve } from 'node:path';
import { type Config, isOpen, isOpenToOthers, secretsOf, secretsSettingOf } from '../../config/config.js';
import { VERSION } from '../../kernel/version.js';

/**
 * @param url where the manager listens
 * @param hasOperators whether the store has operators with a token of their own
 */
export function startWords(config: Config, url: string, hasOperators: boolean): string {
  return [
    `WXKF-Manager ${VERSION} is running. Ctrl-C stops it.`,
    `  console  ${new URL('/console', config.publicUrl ?? url).href}`,
    `  data     ${config.mongoUri === undefined ? resolve(config.dataDir) : 'in the MongoDB of MONGO_URI'}`,
    `  access   ${accessWords(config, hasOperators)}`,
  ].join('\n');
}

function accessWords(config: Config, hasOperators: boolean): string {
  const secret = secretsSettingOf('operator');
  const credentials = [
    ...(secretsOf(config, 'operator').length > 0 ? [`the secret of ${secret}`] : []),
    ...(hasOperators ? ['the token of an operator'] : []),
    ...(config.oidcIssuer === undefined ? [] : ['an account of OIDC_ISSUER']),
  ].join(' or ');
  if (credentials !== '') {
    const others = isOpen(config) ? '; puppets and gateways are let in without a secret' : '';
    return `the console asks for ${credentials}${others}`;
  }
  if (!isOpen(config)) return `nobody can sign in to the console until ${secret} is set`;
  const everybody = isOpenToOthers(config) ? 'everybody who reaches it' : 'everybody on this machine';
  return `not protected, ${everybody} may do everything; npx wxkf-manager keys generate --add-to .env makes secrets`;
}
