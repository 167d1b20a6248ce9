// What the browser tests stand on: a real gateway over a played market, and for each worker a line in front of it that
// can be cut, and a site behind that. Playwright starts this file and waits for the first site, which comes last.
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { GATEWAY_PORT, KEY, PICTURED_PORT, PICTURES, PYTHON, WORKERS, linePort, sitePort } from './ports.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const home = process.env.PUNKCAST_WEB_TEST_HOME ?? fileURLToPath(new URL('../.run/home', import.meta.url));
const children = [];

for (const signal of ['SIGINT', 'SIGTERM']) {
	process.on(signal, () => {
		for (const child of children) child.removeAllListeners('exit').kill('SIGTERM');
		process.exit(0);
	});
}

// GATEWAY names one that is running already.
const upstream = new URL(process.env.GATEWAY ?? `http://127.0.0.1:${GATEWAY_PORT}`);
if (!process.env.GATEWAY) start(PYTHON, ['-m', 'tests.web.gateway', '--home', home, '--port', String(GATEWAY_PORT), ...(process.env.PUNKCAST_WEB_TEST_SOURCE ? ['--source', process.env.PUNKCAST_WEB_TEST_SOURCE] : [])], { cwd: root });
const workers = Array.from({ length: WORKERS }, (_, worker) => worker);
for (const worker of workers) layLine(linePort(worker));
await answers(new URL('/readyz', upstream));
startSite(PICTURED_PORT, linePort(0), { PUBLIC_PUNK_IMAGES: PICTURES });
for (const worker of workers.slice(1)) startSite(sitePort(worker), linePort(worker));
for (const port of [PICTURED_PORT, ...workers.slice(1).map(sitePort)]) await answers(`http://127.0.0.1:${port}/about`);
startSite(sitePort(0), linePort(0));

function start(command, args, options) {
	const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
	child.on('exit', (code) => process.exit(code ?? 1));
	children.push(child);
}

function startSite(port, line, more = {}) {
	start('node', ['server.js'], {
		cwd: fileURLToPath(new URL('../..', import.meta.url)),
		env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), PUNKCAST_GATEWAY_URL: `http://127.0.0.1:${line}`, PUNKCAST_GATEWAY_KEY: KEY, PUNKCAST_GATEWAY_TIMEOUT_MS: process.env.PUNKCAST_GATEWAY_TIMEOUT_MS ?? '8000', ...more }
	});
}

async function answers(url) {
	while (!(await fetch(url).then((said) => said.ok, () => false))) await new Promise((resolve) => setTimeout(resolve, 250));
}

/**
 * `POST /fault?path=/v1/market&as=down|slow|429|html` breaks the line for a path; `as=none` mends all of it.
 * `GET /reader?path=/v1/market` is whom the site named as reader when it asked for that path last.
 */
function layLine(port) {
	const faults = new Map();
	const readers = new Map();
	const line = createServer((asked, answer) => {
		const url = new URL(asked.url, 'http://line');
		if (url.pathname === '/fault') {
			if (url.searchParams.get('as') === 'none') faults.clear();
			else faults.set(url.searchParams.get('path'), url.searchParams.get('as'));
			return answer.end('ok');
		}
		if (url.pathname === '/reader') return answer.end(readers.get(url.searchParams.get('path')) ?? 'nobody');
		readers.set(url.pathname, asked.headers['x-forwarded-for']);
		const fault = faults.get(url.pathname) ?? faults.get('*');
		if (fault === 'down') return asked.socket.destroy();
		if (fault === 'slow') return setTimeout(() => answer.destroy(), 20_000).unref();
		if (fault === '429') return answer.writeHead(429, { 'retry-after': '7', 'content-type': 'text/plain' }).end('slow down');
		if (fault === 'html') return answer.writeHead(500, { 'content-type': 'text/html' }).end('<h1>nginx</h1>');
		const onward = request({ host: upstream.hostname, port: upstream.port, path: asked.url, method: asked.method, headers: asked.headers }, (said) => {
			answer.writeHead(said.statusCode ?? 502, said.headers);
			said.pipe(answer);
		});
		onward.on('error', () => answer.destroy());
		answer.on('close', () => onward.destroy());
		asked.pipe(onward);
	});
	line.listen(port, '127.0.0.1');
}
