import { defineConfig } from 'vitest/config';

// A daemon and a browser for each file; one after the other, since both want the processor.
export default defineConfig({
	test: {
		include: ['e2e/**/*.e2e.ts'],
		fileParallelism: false,
		maxWorkers: 1,
		testTimeout: 240_000,
		hookTimeout: 180_000,
		teardownTimeout: 20_000,
	},
});
