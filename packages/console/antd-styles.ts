import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractStyle } from '@ant-design/static-style-extract';
import { ConfigProvider } from 'antd';
import { createElement, Fragment, type ReactNode } from 'react';
import type { Plugin } from 'vite';
import { SHADES, themeOf } from './src/theme.js';

const ID = 'virtual:antd.css';
const SOURCE = join(import.meta.dirname, 'src');

/** Components that others draw within themselves, some only once they are open. */
const PARTS = [
  'Button',
  'Dropdown',
  'Empty',
  'Input',
  'Menu',
  'Select',
  'Space',
  'Spin',
  'Tooltip',
  'message',
];
/** Exports of antd that have no style, or cannot be drawn alone. */
const UNSTYLED = new Set(['ConfigProvider', 'App']);

/**
 * Writes the styles of Ant Design into a file while the console is built, because the manager's CSP lets no page add a style of its
 * own. It has the components that the source imports, and the variables of both themes.
 */
export function antdStyles(): Plugin {
  return {
    name: 'antd-styles',
    resolveId: (id) => (id === ID ? `\0${ID}` : null),
    load: (id) =>
      id === `\0${ID}` ? extractStyle({ customTheme: inBothThemes, includes: usedComponents() }) : null,
  };
}

function inBothThemes(node: ReactNode) {
  const themed = SHADES.map((shade) =>
    createElement(ConfigProvider, { key: shade, theme: themeOf(shade) }, node),
  );
  return createElement(Fragment, null, themed);
}

function usedComponents(): string[] {
  const names = new Set(PARTS);
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.tsx')) continue;
    for (const [, list = ''] of readFileSync(join(SOURCE, file), 'utf8').matchAll(
      /import \{([^}]+)\} from 'antd'/g,
    ))
      for (const name of list.split(',')) names.add(name.trim());
  }
  return [...names].filter((name) => /^([A-Z]\w+|message)$/.test(name) && !UNSTYLED.has(name)).toSorted();
}
