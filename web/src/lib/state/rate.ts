/** ETH/USD for what is shown on hover, given by the layout to every amount below it. */
import { getContext, setContext } from 'svelte';

const KEY = Symbol('rate');
export interface Rate {
	readonly close: number | null;
	readonly date: string | null;
}

export const setRate = (rate: () => Rate) => setContext(KEY, rate);
export const getRate = (): (() => Rate) => getContext<(() => Rate) | undefined>(KEY) ?? (() => ({ close: null, date: null }));
