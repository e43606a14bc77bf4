import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npx vite web` finds a control plane, or the fake one of test/fixtures/dashboard. */
const server = process.env.LOTSE_SERVER ?? 'http://127.0.0.1:7700';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
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
