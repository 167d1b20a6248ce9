/** Reading from the gateway, always through this site's own `/api`. Pages never throw for a missing section. */
import type { components } from './schema';
import { asProblem, isProblem, problem, type Problem } from './problem';

export type Schemas = components['schemas'];
export type Money = Schemas['Money'];
export type Answer<T> = { data: T; problem: null } | { data: null; problem: Problem };

type Value = string | number | boolean | null | undefined;
export type Query = Record<string, Value | readonly Value[]>;

/** `?a=1&b=2` of what is set, '' of nothing. */
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

/** GET a path of the gateway; what goes wrong comes back as a problem. */
export async function read<T>(fetcher: typeof fetch, path: string, of: Query = {}): Promise<Answer<T>> {
	const url = `/api${path}${query(of)}`;
	try {
		const response = await fetcher(url, { headers: { accept: 'application/json' } });
		const body: unknown = await response.json().catch(() => null);
		if (response.ok && body !== null) return { data: body as T, problem: null };
		return { data: null, problem: asProblem(response.ok ? 502 : response.status, body, url) };
	} catch {
		return { data: null, problem: problem('unavailable', 'The site cannot be reached from here.', url) };
	}
}

/** GET a text (a model card). */
export async function readText(fetcher: typeof fetch, path: string): Promise<Answer<string>> {
	const url = `/api${path}`;
	try {
		const response = await fetcher(url);
		const text = await response.text();
		if (response.ok) return { data: text, problem: null };
		return { data: null, problem: asProblem(response.status, parsed(text), url) };
	} catch {
		return { data: null, problem: problem('unavailable', 'The site cannot be reached from here.', url) };
	}
}

/** POST an order with a key typed by hand. The same `once` sent again is the same order. */
export async function order<T>(path: string, body: unknown, key: string, once: string): Promise<Answer<T>> {
	const url = `/api${path}`;
	try {
		const response = await fetch(url, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}`, 'Idempotency-Key': once },
			body: JSON.stringify(body)
		});
		const said = parsed(await response.text());
		if (response.ok) return { data: said as T, problem: null };
		return { data: null, problem: isProblem(said) ? said : asProblem(response.status, said, url) };
	} catch {
		return { data: null, problem: problem('unavailable', 'The site cannot be reached from here.', url) };
	}
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
