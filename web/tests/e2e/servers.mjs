// Servers of the browser tests: a real gateway over a simulated market and, for each worker, a fault proxy in front of it
// and a site that reads through that proxy. Playwright starts this file and waits for the first site, which starts last.
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { GATEWAY_PORT, KEY, IMAGE_SITE_PORT, IMAGES, PYTHON, WORKERS, proxyPort, sitePort } from './ports.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const home = process.env.PUNKCAST_WEB_TEST_HOME ?? fileURLToPath(new URL('../.run/home', import.meta.url));
const children = [];

for (const signal of ['SIGINT', 'SIGTERM']) {
	process.on(signal, () => {
		for (const child of children) child.removeAllListeners('exit').kill('SIGTERM');
		process.exit(0);
	});
}

// GATEWAY is the URL of a running gateway, used instead.
const upstream = new URL(process.env.GATEWAY ?? `http://127.0.0.1:${GATEWAY_PORT}`);
if (!process.env.GATEWAY) start(PYTHON, ['-m', 'tests.web.gateway', '--home', home, '--port', String(GATEWAY_PORT), ...(process.env.PUNKCAST_WEB_TEST_SOURCE ? ['--source', process.env.PUNKCAST_WEB_TEST_SOURCE] : [])], { cwd: root });
const workers = Array.from({ length: WORKERS }, (_, worker) => worker);
for (const worker of workers) startFaultProxy(proxyPort(worker));
await responds(new URL('/readyz', upstream));
startSite(IMAGE_SITE_PORT, proxyPort(0), { PUBLIC_PUNK_IMAGES: IMAGES });
for (const worker of workers.slice(1)) startSite(sitePort(worker), proxyPort(worker));
for (const port of [IMAGE_SITE_PORT, ...workers.slice(1).map(sitePort)]) await responds(`http://127.0.0.1:${port}/about`);
startSite(sitePort(0), proxyPort(0));

function start(command, args, options) {
	const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
	child.on('exit', (code) => process.exit(code ?? 1));
	children.push(child);
}

function startSite(port, proxyPort, more = {}) {
	start('node', ['server.js'], {
		cwd: fileURLToPath(new URL('../..', import.meta.url)),
		env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), PUNKCAST_GATEWAY_URL: `http://127.0.0.1:${proxyPort}`, PUNKCAST_GATEWAY_KEY: KEY, PUNKCAST_GATEWAY_TIMEOUT_MS: process.env.PUNKCAST_GATEWAY_TIMEOUT_MS ?? '8000', ...more }
	});
}

async function responds(url) {
	while (!(await fetch(url).then((response) => response.ok, () => false))) await new Promise((resolve) => setTimeout(resolve, 250));
}

/**
 * Forwards to the gateway. `POST /fault?path=/v1/market&as=down|slow|429|html` injects a fault for a path, `as=none`
 * clears all faults. `GET /reader?path=/v1/market` returns the X-Forwarded-For of the last request for that path.
 */
function startFaultProxy(port) {
	const faults = new Map();
	const readers = new Map();
	const server = createServer((incoming, response) => {
		const url = new URL(incoming.url, 'http://proxy');
		if (url.pathname === '/fault') {
			if (url.searchParams.get('as') === 'none') faults.clear();
			else faults.set(url.searchParams.get('path'), url.searchParams.get('as'));
			return response.end('ok');
		}
		if (url.pathname === '/reader') return response.end(readers.get(url.searchParams.get('path')) ?? 'nobody');
		readers.set(url.pathname, incoming.headers['x-forwarded-for']);
		const fault = faults.get(url.pathname) ?? faults.get('*');
		if (fault === 'down') return incoming.socket.destroy();
		if (fault === 'slow') return setTimeout(() => response.destroy(), 20_000).unref();
		if (fault === '429') return response.writeHead(429, { 'retry-after': '7', 'content-type': 'text/plain' }).end('slow down');
		if (fault === 'html') return response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>nginx</h1>');
		const outgoing = request({ host: upstream.hostname, port: upstream.port, path: incoming.url, method: incoming.method, headers: incoming.headers }, (reply) => {
			response.writeHead(reply.statusCode ?? 502, reply.headers);
			reply.pipe(response);
		});
		outgoing.on('error', () => response.destroy());
		response.on('close', () => outgoing.destroy());
		incoming.pipe(outgoing);
	});
	server.listen(port, '127.0.0.1');
}
