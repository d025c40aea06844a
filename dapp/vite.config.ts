import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// In development the page comes from Vite and everything else from a node.
const node = process.env.STOA_NODE ?? 'http://localhost:8402';
const routes = ['/api', '/v1', '/m', '/rpc', '/x402', '/ipfs', '/docs', '/openapi.json'];

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: { '@stoa/client': fileURLToPath(new URL('packages/client/src/index.ts', import.meta.url)) },
  },
  server: { proxy: Object.fromEntries(routes.map((route) => [route, node])) },
  build: {
    target: 'es2022',
    // Browsers that know light-dark(), so that each colour stands once.
    cssTarget: ['chrome123', 'safari17.5', 'firefox120'],
    // The node's policy allows no data: styles or scripts, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
