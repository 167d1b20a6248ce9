/** The gateway's server-sent events, through this site: one stream per page. */
import { invalidate } from '$app/navigation';
import type { Money } from '$lib/api/client';

export const VALUES = 'punkcast:values';
export const MODELS = 'punkcast:models';
export const STATUS = 'punkcast:status';

/** Data of a `sale_scored` event; the OpenAPI document has no schemas for streams. */
export interface ScoredSale {
	event_seq: number;
	punk_id: number;
	sold_at: string;
	kind: 'buy' | 'accept_bid';
	price: Money;
	value: Money;
	floor: Money;
	generation_id: number;
	model_id: string;
	in90: boolean;
}

const MAX_SALES = 20;

class Live {
	connected = $state(false);
	sales = $state.raw<ScoredSale[]>([]);
	generation = $state<number | null>(null);

	#source: EventSource | null = null;

	/** Listens until the returned function is called. */
	listen(): () => void {
		this.#source = new EventSource('/api/v1/events');
		this.#source.onopen = () => (this.connected = true);
		this.#source.onerror = () => {
			this.connected = false;
			// The browser does not retry a refused stream.
			if (this.#source?.readyState === EventSource.CLOSED) this.#reconnect();
		};
		this.#on<{ generation_id: number }>('generation', ({ generation_id }) => {
			const first = this.generation === null;
			const moved = this.generation !== generation_id;
			this.generation = generation_id;
			if (moved && !first) {
				void invalidate(VALUES);
				void invalidate(STATUS);
			}
		});
		this.#on<ScoredSale>('sale_scored', (sale) => {
			if (!this.sales.some(({ event_seq }) => event_seq === sale.event_seq)) this.sales = [sale, ...this.sales].slice(0, MAX_SALES);
		});
		for (const kind of ['promotion', 'rollback']) this.#on(kind, () => void invalidate(MODELS));
		return () => {
			this.#source?.close();
			this.#source = null;
			this.connected = false;
		};
	}

	#reconnect() {
		const closed = this.#source;
		setTimeout(() => {
			if (this.#source === closed && closed) this.listen();
		}, 30_000);
	}

	#on<T>(kind: string, handle: (event: T) => void) {
		this.#source?.addEventListener(kind, (message) => {
			try {
				handle(JSON.parse((message as MessageEvent<string>).data) as T);
			} catch {
				// Ignore a message that is not JSON.
			}
		});
	}
}

export const live = new Live();
