import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: { '@stoa/client': fileURLToPath(new URL('packages/client/src/index.ts', import.meta.url)) },
  },
  test: { include: ['test/lib/**/*.test.ts', 'test/chain/**/*.test.ts'], testTimeout: 30_000 },
});
