/** The console as the manager serves it: everything from its own address, under names that change with what is in them. */
import { defineConfig } from 'vite';
import { antdStyles } from './antd-styles.js';
import { precompress } from './precompress.js';

const MANAGER = 'http://127.0.0.1:7777';

export default defineConfig({
  base: '/console/',
  plugins: [antdStyles(), precompress()],
  // For `npm run start -w packages/console`, beside a manager that runs.
  server: { proxy: { '/api': MANAGER, '/console/session': MANAGER } },
  build: {
    // From where src/console serves it.
    outDir: '../../dist/console/public',
    emptyOutDir: true,
    // What is bundled ships, and its licences ask to be named.
    license: { fileName: 'licenses.md' },
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // One chunk has React and the parts of Ant Design that every page uses: in pieces it would be loaded all the same.
    chunkSizeWarningLimit: 600,
    // The build spends most of its time in `precompress`, and need not say so each time.
    rolldownOptions: { checks: { pluginTimings: false, moduleLevelDirective: false } },
  },
});
