// What the browser tests stand on: a real gateway over a played market, a line in front of it that can be cut, and the
// site. One of each for all tests; Playwright starts this file and waits for the site.
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { GATEWAY_PORT, KEY, LINE_PORT, PYTHON, SITE_PORT } from './ports.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const home = process.env.PUNKCAST_WEB_TEST_HOME ?? fileURLToPath(new URL('../.run/home', import.meta.url));
const children = [];

function start(command, args, options) {
	const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
	child.on('exit', (code) => process.exit(code ?? 1));
	children.push(child);
}

// GATEWAY names one that is running already.
const upstream = new URL(process.env.GATEWAY ?? `http://127.0.0.1:${GATEWAY_PORT}`);
if (!process.env.GATEWAY) start(PYTHON, ['-m', 'tests.web.gateway', '--home', home, '--port', String(GATEWAY_PORT)], { cwd: root });

// `POST /fault?path=/v1/market&as=down|slow|429|html` breaks the line for a path; `as=none` mends all of it.
const faults = new Map();
const line = createServer((asked, answer) => {
	const url = new URL(asked.url, 'http://line');
	if (url.pathname === '/fault') {
		if (url.searchParams.get('as') === 'none') faults.clear();
		else faults.set(url.searchParams.get('path'), url.searchParams.get('as'));
		return answer.end('ok');
	}
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
line.listen(LINE_PORT, '127.0.0.1', ready);

async function ready() {
	for (;;) {
		const good = await fetch(new URL('/readyz', upstream)).then((said) => said.ok, () => false);
		if (good) break;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
	start('node', ['server.js'], {
		cwd: fileURLToPath(new URL('../..', import.meta.url)),
		env: { ...process.env, HOST: '127.0.0.1', PORT: String(SITE_PORT), PUNKCAST_GATEWAY_URL: `http://127.0.0.1:${LINE_PORT}`, PUNKCAST_GATEWAY_KEY: KEY, PUNKCAST_GATEWAY_TIMEOUT_MS: process.env.PUNKCAST_GATEWAY_TIMEOUT_MS ?? '8000' }
	});
}

for (const signal of ['SIGINT', 'SIGTERM']) {
	process.on(signal, () => {
		for (const child of children) child.removeAllListeners('exit').kill('SIGTERM');
		process.exit(0);
	});
}
