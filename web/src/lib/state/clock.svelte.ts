/** The current time, shared by every age on the page; updates every 30 seconds while any is shown. */
import { createSubscriber } from 'svelte/reactivity';

const subscribe = createSubscriber((update) => {
	const timer = setInterval(update, 30_000);
	return () => clearInterval(timer);
});

export function now(): number {
	subscribe();
	return Date.now();
}
