import { defineConfig } from '@playwright/test';
import { CHROMIUM, SITE, WORKERS } from './tests/e2e/ports.mjs';

export default defineConfig({
	testDir: 'tests/e2e',
	outputDir: 'test-results',
	timeout: 60_000,
	expect: { timeout: 15_000 },
	workers: WORKERS,
	fullyParallel: true,
	forbidOnly: true,
	reporter: [['list']],
	use: {
		timezoneId: 'America/New_York',
		trace: 'retain-on-failure',
		launchOptions: { executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] }
	},
	webServer: { command: 'node tests/e2e/servers.mjs', url: `${SITE}/about`, timeout: 900_000, reuseExistingServer: false, gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 } }
});
