// The site as a Node server: SvelteKit's handler with compression in front. PORT, HOST and ORIGIN as in adapter-node.
import { setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import { constants } from 'node:zlib';
import compression from 'compression';
import { handler } from './build/handler.js';

// The compressor keeps one listener per chunk until a response ends. Raise the limit: this is not a leak.
setMaxListeners(2000);

const compress = compression({
	// Level 4 takes a millisecond and is still smaller than gzip; level 11 is for precompressed files.
	brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
	// A compressor would buffer an event stream.
	filter: (request, response) =>
		!String(response.getHeader('Content-Type')).startsWith('text/event-stream') &&
		compression.filter(request, response)
});
/** Of every answer. A rendered page replaces the policy with a longer one; prerendered pages and files keep this. */
const SAFE = {
	'X-Content-Type-Options': 'nosniff',
	'Referrer-Policy': 'same-origin',
	'Content-Security-Policy': "frame-ancestors 'none'"
};
const server = createServer((request, response) => {
	for (const [name, value] of Object.entries(SAFE)) response.setHeader(name, value);
	compress(
		/** @type {any} */ (request),
		/** @type {any} */ (response),
		() => handler(/** @type {any} */ (request), /** @type {any} */ (response), () => undefined)
	);
});
/** @type {Record<string, string>} */
const REFUSALS = { HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large', ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout' };
server.on('clientError', (/** @type {NodeJS.ErrnoException} */ error, socket) => {
	if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
	const status = REFUSALS[error.code ?? ''] ?? '400 Bad Request';
	const lines = Object.entries(SAFE).map(([name, value]) => `${name}: ${value}\r\n`);
	socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}Connection: close\r\nContent-Length: 0\r\n\r\n`);
});
const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 3000);
server.listen(port, host, () => console.log(`the site is on http://${host}:${port}`));

function end() {
	server.close(() => process.exit(0));
	// Event streams end only when closed.
	server.closeAllConnections();
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end);
// Whoever starts the site through a pipe may be killed; the site ends with the pipe.
if (process.env.END_WITH_STDIN) process.stdin.once('end', end).resume();
