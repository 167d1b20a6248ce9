"""Posts what happened to the URLs that subscribed to it.

In: `alert.raised`, `market.updated`, `model.promoted`, `model.rolled_back`. Out: HTTPS posts, no messages.
Reads: the nowcast pointer, generations, nowcasts, outcomes, sales, market events, offers, punks, the chain cursor.
Writes: `webhooks`, `webhook_deliveries`, `webhook_rates`, `deals_told` and its inbox, nothing else.
"""
