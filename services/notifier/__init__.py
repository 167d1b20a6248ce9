"""Posts what happened to the URLs that subscribed to it.

In: `alert.raised`, `market.updated`, `model.promoted`, `model.rolled_back`. Out: HTTPS posts, no messages.
Reads: the nowcast pointer, generations, nowcasts, outcomes, sales, market events.
Writes: `webhooks`, `webhook_deliveries` and its inbox, nothing else.
"""
