import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/lib/**/*.test.ts', 'test/chain/**/*.test.ts'], testTimeout: 30_000 } });
