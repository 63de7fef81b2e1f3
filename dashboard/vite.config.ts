import { defineConfig } from 'vitest/config';

export default defineConfig({
	base: './', // the page finds its files and the API relative to itself, so that a proxy may serve it under a path
	build: {
		target: 'es2022',
		modulePreload: false,
		assetsInlineLimit: 0, // the content security policy allows no data: addresses
		reportCompressedSize: true,
	},
	server: { proxy: { '/api': { target: 'http://127.0.0.1:6455', ws: true } } },
	test: { include: ['src/**/*.test.ts'], pool: 'threads', isolate: false, testTimeout: 60_000 },
});
