/**
 * `node --import ./test/runtime/register.js`: lets Node load the TypeScript of the tests, and `@jest/globals` outside the
 * virtual machines for which jest wrote it. Handed on to jest's workers. Plain JavaScript, as all here: nothing compiles it.
 */
import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compiled } from './compiled.js';

const globals = new URL('./globals.js', import.meta.url).href;
const tests = new URL('..', import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === '@jest/globals') return { url: globals, shortCircuit: true };
    const url = sourceOf(specifier, context.parentURL);
    return url === null ? nextResolve(specifier, context) : { url, format: 'module', shortCircuit: true };
  },
  load(url, context, nextLoad) {
    if (!isTypeScript(url)) return nextLoad(url, context);
    return { format: 'module', source: compiled(url), shortCircuit: true };
  },
});

/**
 * @returns the `.ts` that an import of a `.js` means, as TypeScript has it; null if that is not what is imported. What lies
 *   in test/ begins anew for each spec file: it gets the query by which runtime.js tells them apart.
 */
function sourceOf(specifier, parentUrl) {
  if (!specifier.startsWith('.') || !specifier.endsWith('.js') || parentUrl === undefined) return null;
  if (!isTypeScript(parentUrl)) return null;
  const url = new URL(`${specifier.slice(0, -'.js'.length)}.ts`, parentUrl);
  if (!existsSync(fileURLToPath(url))) return null;
  if (url.href.startsWith(tests)) url.search = new URL(parentUrl).search;
  return url.href;
}

function isTypeScript(url) {
  return /^file:.*\.ts(\?|$)/.test(url) && !url.includes('/node_modules/');
}
