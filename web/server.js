// The site as a Node server: SvelteKit's handler with compression in front. PORT, HOST and ORIGIN as in adapter-node.
import { setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import { constants } from 'node:zlib';
import compression from 'compression';
import { handler } from './build/handler.js';

// The compressor's stream keeps a spent listener for each chunk of a long answer until the answer ends; that is no leak.
setMaxListeners(2000);

const compress = compression({
	// Quality 11 is for files made beforehand; 4 costs a millisecond and is still below gzip in size.
	brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } },
	// An event stream must not wait in a compressor's buffer.
	filter: (request, response) =>
		!String(response.getHeader('Content-Type')).startsWith('text/event-stream') &&
		compression.filter(request, response)
});
const server = createServer((request, response) =>
	compress(
		/** @type {any} */ (request),
		/** @type {any} */ (response),
		() => handler(/** @type {any} */ (request), /** @type {any} */ (response), () => undefined)
	)
);
const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 3000);
server.listen(port, host, () => console.log(`the site is on http://${host}:${port}`));

for (const signal of ['SIGINT', 'SIGTERM']) {
	process.once(signal, () => {
		server.close(() => process.exit(0));
		// Event streams never end by themselves.
		server.closeAllConnections();
	});
}
