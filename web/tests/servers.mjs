// Starts and stops the servers of the browser tests for other programs: screenshots and budgets.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SITE } from './e2e/ports.mjs';

/** Runs `work` while the site is up. SITE is the URL of a running site, used instead. */
export async function withSite(work) {
	if (process.env.SITE) return work(process.env.SITE);
	const servers = spawn('node', [fileURLToPath(new URL('./e2e/servers.mjs', import.meta.url))], { stdio: ['ignore', 'inherit', 'inherit'] });
	try {
		for (let waited = 0; ; waited++) {
			if (await fetch(`${SITE}/about`).then((response) => response.ok, () => false)) break;
			if (servers.exitCode !== null || waited > 1800) throw new Error('the site did not start');
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
		return await work(SITE);
	} finally {
		servers.kill('SIGTERM');
	}
}
