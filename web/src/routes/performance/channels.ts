/** How buyer and seller met, by the API's name of the channel. */
export const CHANNELS: Record<string, string> = { public_ask: 'Public ask', directed_ask: 'Directed ask', accepted_bid: 'Accepted bid' };
