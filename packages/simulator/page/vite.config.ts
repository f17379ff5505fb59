/** The page as the simulator serves it: all from its own address, and only there, so nothing is compressed beforehand. */
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    // Beside what control/ becomes, which serves it.
    outDir: '../dist/page',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
