/** The ETH/USD rate for tooltips; the layout provides it to every amount on the page. */
import { getContext, setContext } from 'svelte';

const KEY = Symbol('rate');
export interface Rate {
	readonly close: number | null;
	readonly date: string | null;
}

export const setRate = (rate: () => Rate) => setContext(KEY, rate);
export const getRate = (): (() => Rate) => getContext<(() => Rate) | undefined>(KEY) ?? (() => ({ close: null, date: null }));
