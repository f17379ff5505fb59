/** deploy/kubernetes can be taken by URL: nothing in it needs what lies beside it. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EXAMPLES, kustomizeSuite, OVERLAYS, render } from '../support/kustomize.js';

kustomizeSuite('deploy/kubernetes in a folder of its own', () => {
  let elsewhere: string;
  beforeAll(() => {
    elsewhere = mkdtempSync(join(tmpdir(), 'remote-base-'));
    cpSync('deploy/kubernetes', join(elsewhere, 'deploy/kubernetes'), { recursive: true });
  });
  afterAll(() => rmSync(elsewhere, { recursive: true }));

  it.each([...OVERLAYS, ...EXAMPLES].map(([, folder]) => folder))(
    'renders %s as in the project',
    (folder) => {
      const rendered = render(join(elsewhere, folder));
      expect(rendered.length).toBeGreaterThan(0);
      expect(rendered).toEqual(render(folder));
    },
  );
});
