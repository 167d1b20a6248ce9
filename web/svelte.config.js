import adapterNode from '@sveltejs/adapter-node';
import adapterVercel from '@sveltejs/adapter-vercel';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

// Vercel sets VERCEL=1 in its builds; everywhere else the site is a Node server (web/server.js).
const onVercel = process.env.PUNKCAST_WEB_ADAPTER
	? process.env.PUNKCAST_WEB_ADAPTER === 'vercel'
	: Boolean(process.env.VERCEL);

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	kit: {
		adapter: onVercel ? adapterVercel({ runtime: 'nodejs22.x' }) : adapterNode({ precompress: true }),
		// Inline styles, so that the first paint needs no second request.
		inlineStyleThreshold: 40_000,
		csp: {
			mode: 'auto',
			directives: {
				'default-src': ['self'],
				'script-src': ['self'],
				'style-src': ['self', 'unsafe-inline'],
				// PUBLIC_PUNK_IMAGES may be any address.
				'img-src': ['self', 'data:', 'https:', 'http:'],
				'font-src': ['self'],
				'connect-src': ['self'],
				'object-src': ['none'],
				'base-uri': ['self'],
				'form-action': ['self'],
				'frame-ancestors': ['none']
			}
		},
		typescript: {
			config: (config) => ({
				...config,
				include: [...config.include, '../tests/**/*.ts', '../*.config.ts']
			})
		}
	}
};
