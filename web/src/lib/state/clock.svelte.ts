/** The current time, shared by every age on the page; updates every 30 seconds while any is shown. In a replay it is the replay's. */
import { getContext, setContext } from 'svelte';
import { createSubscriber } from 'svelte/reactivity';

const KEY = Symbol('clock');
const subscribe = createSubscriber((update) => {
	const timer = setInterval(update, 30_000);
	return () => clearInterval(timer);
});

/** `at` is the replay's instant, or null for the real time; the layout provides it. */
export const setReplayed = (at: () => string | null) => setContext(KEY, at);

export function getNow(): () => number {
	const replayed = getContext<(() => string | null) | undefined>(KEY);
	return () => {
		const at = replayed?.() ?? null;
		if (at !== null) return Date.parse(at);
		subscribe();
		return Date.now();
	};
}
