/** The time now, moving on every half minute while somebody looks; the same for every age on the page. */
import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
	const timer = setInterval(update, 30_000);
	return () => clearInterval(timer);
});

export function now(): number {
	subscribe();
	return Date.now();
}
