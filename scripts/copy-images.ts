/** Pictures that the tests of pages made become those of the documents. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const FROM = 'test-results/screenshots';
const TO = 'docs/images';
const IMAGES: Readonly<Record<string, string>> = {
  'console-hour': 'console',
  'console-hour-zh': 'console.zh-CN',
  'journey-customer': 'simulator',
  'journey-customer-zh': 'simulator.zh-CN',
};

mkdirSync(TO, { recursive: true });
for (const [name, image] of Object.entries(IMAGES))
  copyFileSync(join(FROM, `${name}.png`), join(TO, `${image}.png`));
