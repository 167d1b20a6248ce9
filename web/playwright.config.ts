import { defineConfig } from '@playwright/test';
import { CHROMIUM, SITE } from './tests/e2e/ports.mjs';

export default defineConfig({
	testDir: 'tests/e2e',
	outputDir: 'test-results',
	timeout: 60_000,
	expect: { timeout: 15_000 },
	// The line in front of the gateway is cut by tests: one after the other.
	workers: 1,
	fullyParallel: false,
	forbidOnly: true,
	reporter: [['list']],
	use: {
		baseURL: SITE,
		timezoneId: 'America/New_York',
		trace: 'retain-on-failure',
		launchOptions: { executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] }
	},
	webServer: { command: 'node tests/e2e/servers.mjs', url: `${SITE}/about`, timeout: 900_000, reuseExistingServer: false, gracefulShutdown: { signal: 'SIGTERM', timeout: 10_000 } }
});
