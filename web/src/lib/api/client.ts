/** Requests to the gateway, always through this site's own `/api`. Nothing here throws: a failure is a problem. */
import type { components } from './schema';
import { asProblem, problem, type Problem } from './problem';

export type Schemas = components['schemas'];
export type Money = Schemas['Money'];
export type Answer<T> = { data: T; problem: null } | { data: null; problem: Problem };

type Value = string | number | boolean | null | undefined;
export type Query = Record<string, Value | readonly Value[]>;

/** `?a=1&b=2` without empty values; '' if nothing is left. */
export function query(of: Query): string {
	const params = new URLSearchParams();
	for (const [name, value] of Object.entries(of)) {
		for (const one of Array.isArray(value) ? value : [value]) {
			if (one !== null && one !== undefined && one !== '') params.append(name, String(one));
		}
	}
	const text = params.toString();
	return text && `?${text}`;
}

/** The current query string with some parameters replaced. */
export const queryWith = (current: URLSearchParams, changes: Query) => query({ ...Object.fromEntries(current), ...changes });

/** GET JSON from a path of the gateway. */
export function read<T>(fetcher: typeof fetch, path: string, of: Query = {}): Promise<Answer<T>> {
	return request<T>(fetcher, path + query(of), { headers: { accept: 'application/json' } }, (text) => parsed(text) as T | null);
}

/** GET text (a model card). */
export function readText(fetcher: typeof fetch, path: string): Promise<Answer<string>> {
	return request(fetcher, path, {}, (text) => text);
}

/** POST an operator's action with the key they typed. Repeats with the same `idempotencyKey` take effect once. */
export function post<T extends object>(path: string, body: unknown, key: string, idempotencyKey: string): Promise<Answer<Partial<T>>> {
	const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${key}`, 'Idempotency-Key': idempotencyKey };
	return request(fetch, path, { method: 'POST', headers, body: JSON.stringify(body) }, (text) => (parsed(text) ?? {}) as Partial<T>);
}

async function request<T>(fetcher: typeof fetch, path: string, init: RequestInit, decode: (text: string) => T | null): Promise<Answer<T>> {
	const url = `/api${path}`;
	try {
		const response = await fetcher(url, init);
		const text = await response.text();
		const data = response.ok ? decode(text) : null;
		if (data !== null) return { data, problem: null };
		return { data: null, problem: asProblem(response.ok ? 502 : response.status, parsed(text), url) };
	} catch {
		return { data: null, problem: problem('unavailable', 'This site cannot be reached from your browser.', url) };
	}
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
