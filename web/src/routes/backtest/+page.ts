import { read, type Schemas } from '$lib/api/client';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, url }) => {
	const book = url.searchParams.get('book') ?? 'executable';
	const [backtest, equity, trades] = await Promise.all([
		read<Schemas['BacktestDocument']>(fetch, '/v1/backtest'),
		read<Schemas['EquityDocument']>(fetch, '/v1/backtest/equity'),
		read<Schemas['BacktestTradePage']>(fetch, '/v1/backtest/trades', { book, cursor: url.searchParams.get('cursor'), limit: 50 })
	]);
	return { backtest, equity, trades, book };
};
