// Gateway, line and site of the browser tests, for programs beside the tests: started, and stopped at the end.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SITE } from './e2e/ports.mjs';

/** Runs `work` while the site is up. SITE names one that is running already. */
export async function withSite(work) {
	if (process.env.SITE) return work(process.env.SITE);
	const servers = spawn('node', [fileURLToPath(new URL('./e2e/servers.mjs', import.meta.url))], { stdio: ['ignore', 'inherit', 'inherit'] });
	try {
		for (let waited = 0; ; waited++) {
			if (await fetch(`${SITE}/about`).then((said) => said.ok, () => false)) break;
			if (servers.exitCode !== null || waited > 1800) throw new Error('the site did not start');
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
		return await work(SITE);
	} finally {
		servers.kill('SIGTERM');
	}
}
