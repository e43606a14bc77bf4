import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Where `npx vite web` finds a control plane, or the fake one of test/fixtures/dashboard. */
const server = process.env.LOTSE_SERVER ?? 'http://127.0.0.1:7700';

/** Beside each script and style its compressed forms, which the control plane sends to browsers that take them. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    async writeBundle({ dir = '' }, bundle) {
      const texts = Object.keys(bundle).filter((file) => /\.(?:js|css)$/.test(file));
      for (const file of texts.map((name) => join(dir, name))) {
        const text = await readFile(file);
        await Promise.all([writeFile(`${file}.br`, brotliCompressSync(text)), writeFile(`${file}.gz`, gzipSync(text))]);
      }
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compressed()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Browsers of spring 2024 and newer: `light-dark()`, nesting and `<dialog>` without substitutes.
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    // The content security policy lets files in and nothing that is written into the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { host: '127.0.0.1', proxy: { '/api': { target: server } } },
});
