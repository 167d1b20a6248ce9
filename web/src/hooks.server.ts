/** Errors of the site's server: one line each in the log, without a stack trace per request that anybody can cause. */
import type { HandleServerError } from '@sveltejs/kit';

export const handleError: HandleServerError = ({ error, event, status, message }) => {
	if (status >= 500) {
		const path = event.url.pathname.slice(0, 200);
		const { name, message: text } = error instanceof Error ? error : { name: 'Error', message: String(error) };
		console.error(JSON.stringify({ level: 'error', event: 'request_failed', status, path, error: `${name}: ${text}`.slice(0, 500) }));
	}
	return { message };
};
