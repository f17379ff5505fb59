/** `npm run generate`: writes the types that the console has of bodies and answers, as the OpenAPI document tells them. A test fails when they are stale. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';

export const CONSOLE_TYPES = 'packages/console/src/api/answers.gen.ts';

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** @param text - the document. The console tells errors by their code alone. */
export async function consoleTypes(text: string): Promise<string> {
  const document = JSON.parse(text) as Document;
  const known = Object.entries(document.components.schemas).filter(
    ([name]) => !/^(Manager|Wecom)Error$/.test(name),
  );
  const folder = mkdtempSync(join(tmpdir(), 'wxkf-types-'));
  try {
    const input = join(folder, 'openapi.json');
    const path = join(folder, 'types');
    const components = { schemas: Object.fromEntries(known) };
    writeFileSync(input, JSON.stringify({ ...document, paths: {}, components }));
    await createClient({
      input,
      output: { path },
      plugins: [
        {
          name: '@hey-api/typescript',
          definitions: { name: (name) => (name.endsWith('Dto') ? name : `${name}Answer`) },
        },
      ],
      logs: { level: 'silent', file: false },
    });
    return readFileSync(join(path, 'types.gen.ts'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) {
  writeFileSync(CONSOLE_TYPES, await consoleTypes(readFileSync('dist/openapi/openapi.json', 'utf8')));
}
