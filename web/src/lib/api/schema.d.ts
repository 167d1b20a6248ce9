// Made from docs/openapi.json by `npm run types`; not edited by hand.
export interface paths {
    "/compat/agents/v2/fair-price": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Fair price of a punk */
        post: operations["compat_fair_price"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/compat/agents/v2/fair-price-plus": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Fair price with intervals and distribution */
        post: operations["compat_fair_price_plus"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/compat/agents/v2/top-realtime": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Best deals of the live asks */
        get: operations["compat_top_realtime"];
        put?: never;
        /** Best deals of the live asks */
        post: operations["compat_top_realtime_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a type of problem means, and what to do
         * @description In Markdown.
         */
        get: operations["get_problem_type"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/backtest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The strategies against passive books on the forward record
         * @description The newest backtest: figures of every book with 90 % intervals. It is recomputed once a day.
         */
        get: operations["get_backtest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/backtest/equity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Equity
         * @description Daily equity and growth of the newest backtest's books.
         */
        get: operations["get_backtest_equity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/backtest/trades": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Trades
         * @description A book's trades by time of purchase. Pages stay in the backtest they began with; 410 once it is gone.
         */
        get: operations["list_backtest_trades"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Live asks ranked by the probability that the punk is worth more */
        get: operations["list_deals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Decisions
         * @description Decisions with their checks, newest first. `model_id` limits the list to one model.
         */
        get: operations["list_decisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/decisions/{decision_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Decision
         * @description A decision with its whole evidence.
         */
        get: operations["get_decision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * New generations, scored sales, new asks with their values, promotions and rollbacks as server-sent events
         * @description `event: reset` says that more was missed than is kept. Comments keep the connection alive.
         */
        get: operations["stream_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exclusions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Exclusions
         * @description Excluded sales, newest first; of one reason and one channel when given.
         */
        get: operations["list_exclusions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/freezes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Freezes
         * @description Freezes of automatic promotions, newest first, at most 200.
         */
        get: operations["list_freezes"];
        put?: never;
        /**
         * Stop automatic promotions
         * @description The freeze lasts until it expires or a person lifts it. Rollbacks continue.
         */
        post: operations["create_freeze"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/freezes/{freeze_id}/lift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Lift a freeze, so that automatic promotions resume
         * @description Repeating the call has no effect; the record keeps who lifted the freeze first.
         */
        post: operations["lift_freeze"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/lifecycle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lifecycle
         * @description Training, contenders, gates, shadows, promotions, confirmations, rollbacks, freezes and alerts, newest first.
         */
        get: operations["list_lifecycle"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/lifecycle/evalue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Evalue
         * @description E-values after each step of the monitor's tests: at the threshold a promotion is rolled back, or a shadow
         *     ends.
         */
        get: operations["list_evalue_paths"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The newest signed checkpoint of the log of generations
         * @description A signed note as https://c2sp.org/tlog-checkpoint describes it: origin, number of entries, root, signatures.
         */
        get: operations["get_log_checkpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Entries of the log of generations, oldest first
         * @description Go on with the index after the last one. Entries never change, and an empty list is the end.
         */
        get: operations["list_log_entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/log/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Public keys that signed checkpoints or model files */
        get: operations["list_signing_keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/market": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Floor, depth, bids, volumes and ETH/USD as of the last event */
        get: operations["get_market"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/market/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Floor, value index, sales and volume day by day */
        get: operations["get_market_series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Models
         * @description Models, newest first.
         */
        get: operations["list_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/champion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Champion At
         * @description The champion at an instant.
         */
        get: operations["get_champion_at"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Current Model
         * @description The champion.
         */
        get: operations["get_current_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Model
         * @description A model, with everything that is stored about it.
         */
        get: operations["get_model"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model_id}/card": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Model Card
         * @description The model card in Markdown, made from registry row, lineage and evidence.
         */
        get: operations["get_model_card"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model_id}/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Model Evidence
         * @description The decisions about a model, and their checks.
         */
        get: operations["get_model_evidence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model_id}/lineage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Model Lineage
         * @description Origin of a model, its descendants, its reigns and its live results.
         */
        get: operations["get_model_lineage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model_id}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a judged contender, a shadow or a former champion the champion
         * @description Works during a freeze or a cool-down. A rejected or rolled-back model needs `override`.
         */
        post: operations["promote_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model_id}/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exclude a model permanently
         * @description Any model except the champion can be quarantined.
         */
        post: operations["quarantine_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model_id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Roll back to the previous champion, or to another retired model
         * @description `model_id` must be the current champion.
         */
        post: operations["roll_back_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/nowcasts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Published generations, newest first */
        get: operations["list_nowcasts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/nowcasts/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All values of the current generation */
        get: operations["get_current_nowcast"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/nowcasts/{generation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All values of one generation */
        get: operations["get_nowcast"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/nowcasts/{generation_id}/proof/{punk_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The Merkle proof that a value was part of a generation */
        get: operations["get_proof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/outcomes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every scored sale, paged or as a download
         * @description JSON comes in pages; CSV and Parquet whole: flat columns, amounts exact in `…_wei`, and in `…_eth`.
         */
        get: operations["list_outcomes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/performance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Forward scorecard, with floor and last sale as baselines
         * @description Every figure can be computed again from `GET /v1/outcomes` with the same filters.
         */
        get: operations["get_performance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/punks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Punks by type, traits, value, ask and discount */
        get: operations["list_punks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/punks/columns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All punks in columns, small enough to load at once */
        get: operations["get_punk_columns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/punks/{punk_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A punk's fair value, its reasons and comparables, and its place in the market */
        get: operations["get_punk"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/punks/{punk_id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a punk was valued at, listed for, bid for and sold for */
        get: operations["get_punk_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/shadows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Shadows
         * @description Shadows and the progress of their tests, newest first.
         */
        get: operations["list_shadows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Status
         * @description Ages, queues and flags; answers even while the database is away.
         */
        get: operations["get_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/training-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Requests
         * @description Training requests, newest first.
         */
        get: operations["list_training_requests"];
        put?: never;
        /** Request the training of a contender */
        post: operations["create_training_request"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/training-requests/{request_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Training Request
         * @description The state of a training request.
         */
        get: operations["get_training_request"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/training-requests/{request_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Withdraw a queued request
         * @description Only the requester and the operator may cancel. Repeating has no effect; 409 if training has begun or ended.
         */
        post: operations["cancel_training_request"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/traits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every type, skin, accessory and number of accessories with its floor and premium */
        get: operations["list_traits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/traits/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One trait with its lowest asks, and recent sales at today's floor */
        get: operations["get_trait"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listing
         * @description The webhooks of this key, or all webhooks for the operator.
         */
        get: operations["list_webhooks"];
        put?: never;
        /**
         * Subscribe a URL to events
         * @description The response has the secret that signs every delivery; no other response shows it. A key may have 20 webhooks.
         *
         *     The webhook is `pending` until its URL has answered a challenge: the event `webhook.challenge`, to be answered with
         *     status 2xx and `{"challenge": …}` of its data. Webhooks of a key may be pending at 5 hosts.
         */
        post: operations["create_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Webhook
         * @description A webhook and the state of its deliveries.
         */
        get: operations["get_webhook"];
        put?: never;
        post?: never;
        /**
         * Delete
         * @description Delete a webhook and its pending deliveries.
         */
        delete: operations["delete_webhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enable a webhook that was disabled after repeated failures
         * @description The URL gets another challenge, and then what was not given up. It gets the latter at once if it was active.
         */
        post: operations["enable_webhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * ActDocument
         * @description What was decided and what became of it.
         */
        ActDocument: {
            /**
             * Act
             * @enum {string}
             */
            act: "promote" | "rollback" | "quarantine";
            /** Actor */
            actor: string;
            /**
             * Decided At
             * Format: date-time
             */
            decided_at: string;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /** Model Id */
            model_id: string;
            /**
             * Outcome
             * @description The pointer moved; had moved by this very decision; or does not move by such an act
             * @enum {string}
             */
            outcome: "swapped" | "already_applied" | "recorded";
            /** Pointer Generation */
            pointer_generation: number | null;
            /** Reason */
            reason: string;
        };
        /**
         * Ask
         * @description A public listing. Values never read the punk's own ask.
         */
        Ask: {
            /** Block */
            block: number;
            price: components["schemas"]["Money"];
            /** Seller */
            seller: string | null;
            /**
             * Since
             * Format: date-time
             */
            since: string;
        };
        /**
         * Assumptions
         * @description What the books were played with.
         */
        Assumptions: {
            /**
             * Block Days
             * @description Length of a block of the bootstrap
             */
            block_days: number;
            /** @description Gas of a purchase */
            buy_gas: components["schemas"]["Money"];
            capital: components["schemas"]["Money"];
            /**
             * Largest Position
             * @description Largest share of equity in one purchase
             */
            largest_position: number;
            /**
             * Latency Nowcasts
             * @description Nowcasts between the decision and the order's arrival
             */
            latency_nowcasts: number;
            /**
             * Margin
             * @description An ask is bought when it is at most value x (1 - margin)
             */
            margin: number;
            /** Resamples */
            resamples: number;
            /** Seed */
            seed: number;
            /**
             * Sell Fee
             * @description Share of the price that a sale costs; the contract takes none
             */
            sell_fee: number;
            /** @description Gas of a sale */
            sell_gas: components["schemas"]["Money"];
        };
        /**
         * BacktestDocument
         * @description The strategies against passive books on the platform's record: only values that were published before.
         */
        BacktestDocument: {
            assumptions: components["schemas"]["Assumptions"];
            /** Backtest Id */
            backtest_id: string;
            /** Books */
            books: components["schemas"]["Book"][];
            /**
             * Computed At
             * Format: date-time
             */
            computed_at: string;
            /**
             * First Day
             * Format: date
             */
            first_day: string;
            /**
             * Generations
             * @description Nowcasts that were played
             */
            generations: number;
            /**
             * Last Day
             * Format: date
             */
            last_day: string;
            /**
             * Sales
             * @description Valid sales with a value published before them
             */
            sales: number;
            /** Versus */
            versus: components["schemas"]["Versus"][];
        };
        /**
         * BacktestTrade
         * @description One position. `exit` fields are null while it is open at the end.
         */
        BacktestTrade: {
            /**
             * Book
             * @enum {string}
             */
            book: "executable" | "seed_style" | "buy_all" | "random_entry" | "floor_index";
            /**
             * Bought At
             * Format: date-time
             */
            bought_at: string;
            /** @description Price of the ask or the sale, before gas */
            bought_for: components["schemas"]["Money"];
            /** @description Gas and fees of both sides */
            costs: components["schemas"]["Money"];
            /**
             * Decided At
             * Format: date-time
             * @description As-of of the nowcast that the purchase was decided on
             */
            decided_at: string;
            /**
             * Entry Event
             * @description Transaction and log index of the ask or sale
             * @example 0x…:12
             */
            entry_event: string;
            /** Exit Event */
            exit_event: string | null;
            /** Exit Kind */
            exit_kind: ("buy" | "accept_bid") | null;
            /**
             * Gain
             * @description After all costs, over the price paid; null while open
             */
            gain: number | null;
            /** Generation Id */
            generation_id: number | null;
            /** @description Standing bid at the end, of an open position */
            mark_bid: components["schemas"]["Money"] | null;
            /** @description Lower of floor and value at the end */
            mark_floor: components["schemas"]["Money"] | null;
            /** @description Published value at the end */
            mark_value: components["schemas"]["Money"] | null;
            /** Punk Id */
            punk_id: number;
            /** Sold At */
            sold_at: string | null;
            sold_for: components["schemas"]["Money"] | null;
            /**
             * Trade
             * @description Number within the book, by time of purchase
             */
            trade: number;
            /** @description Published value at the decision */
            value: components["schemas"]["Money"];
        };
        /** BacktestTradePage */
        BacktestTradePage: {
            /** Backtest Id */
            backtest_id: string;
            /** Items */
            items: components["schemas"]["BacktestTrade"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Bid
         * @description The standing bid on a punk.
         */
        Bid: {
            /** Bidder */
            bidder: string | null;
            price: components["schemas"]["Money"];
            /**
             * Since
             * Format: date-time
             */
            since: string;
        };
        /** BidsDocument */
        BidsDocument: {
            /** @description All of them together */
            amount: components["schemas"]["Money"];
            /**
             * Highest
             * @description The ten highest
             */
            highest: components["schemas"]["HighBid"][];
            /**
             * Standing
             * @description Bids that nothing has ended
             */
            standing: number;
        };
        /**
         * Book
         * @description One way of trading, or of not trading, over the same days.
         */
        Book: {
            /**
             * Book
             * @enum {string}
             */
            book: "executable" | "seed_style" | "buy_all" | "random_entry" | "floor_index";
            /** Description */
            description: string;
            /**
             * Figures
             * @description One for each mark
             */
            figures: components["schemas"]["Figures"][];
            /**
             * Funding
             * @description A fixed capital, or each purchase paid in and each sale paid out again
             * @enum {string}
             */
            funding: "capital" | "per_trade";
            last_cash: components["schemas"]["Money"];
            last_positions_bid: components["schemas"]["Money"];
            last_positions_floor: components["schemas"]["Money"];
            last_positions_value: components["schemas"]["Money"];
            /** Months */
            months: components["schemas"]["MonthReturn"][];
            trades: components["schemas"]["TradeFigures"];
        };
        /**
         * Calibration
         * @description Reliability of the intervals over all sales of the horizon (`all`), or of one segment.
         */
        Calibration: {
            /** Levels */
            levels: components["schemas"]["Coverage"][];
            /**
             * Name
             * @example all
             * @example premium
             */
            name: string;
        };
        /**
         * Card
         * @description Errors relative to the sale price, as fractions (0.05 is five percent); null where too little was scored.
         */
        Card: {
            /**
             * Bias
             * @description Mean of (value - price) / price; above zero: too high
             */
            bias: number | null;
            /**
             * Cod
             * @description Coefficient of dispersion, percent (IAAO)
             */
            cod: number | null;
            /**
             * Mape
             * @description Mean of the same
             */
            mape: number | null;
            /**
             * Median Ape
             * @description Median of |value - price| / price
             */
            median_ape: number | null;
            /** Median Bias */
            median_bias: number | null;
            /** N */
            n: number;
            /**
             * Prb
             * @description Price-related bias (IAAO)
             */
            prb: number | null;
            /**
             * Prd
             * @description Price-related differential (IAAO)
             */
            prd: number | null;
            /** Within 10 */
            within_10: number | null;
            /**
             * Within 5
             * @description Share of sales with an error of at most 5 %
             */
            within_5: number | null;
        };
        /**
         * ChampionAt
         * @description The champion at an instant, and the decision that made it champion.
         */
        ChampionAt: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /** Model Id */
            model_id: string;
            /**
             * Pointer Generation
             * @description Generation of the model pointer
             */
            pointer_generation: number;
            /** Previous Model Id */
            previous_model_id: string | null;
            /**
             * Since
             * Format: date-time
             */
            since: string;
        };
        /**
         * Changes
         * @description What moved the value since the nowcast before; the parts' ETH add up to after - before.
         */
        Changes: {
            after: components["schemas"]["Money"];
            before: components["schemas"]["Money"];
            /**
             * Parts
             * @description Null when the nowcast before was of another model: two models' reasons do not subtract
             */
            parts: components["schemas"]["ContributionPart"][] | null;
            since: components["schemas"]["Since"];
        };
        /**
         * Check
         * @description A recorded check of a gate: missing evidence is never a pass.
         */
        Check: {
            /** Check Name */
            check_name: string;
            /** Detail */
            detail: string;
            /** Estimate */
            estimate: number | null;
            /** Interval Hi */
            interval_hi: number | null;
            /** Interval Lo */
            interval_lo: number | null;
            /** N */
            n: number | null;
            /** Threshold */
            threshold: number | null;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "pass" | "fail" | "inconclusive" | "error";
        };
        /**
         * Columns
         * @description One entry for each punk, in the order of `punk_id`. Amounts in ETH, to six significant digits.
         */
        Columns: {
            /**
             * Ask Eth
             * @description Public ask
             */
            ask_eth: (number | null)[];
            /**
             * Bid Eth
             * @description Standing bid
             */
            bid_eth: (number | null)[];
            /**
             * Confidence
             * @description One letter a punk
             * @example AABD
             */
            confidence: string;
            /** Hi80 Eth */
            hi80_eth: number[];
            /** Last Sale Eth */
            last_sale_eth: (number | null)[];
            /** Lo80 Eth */
            lo80_eth: number[];
            /** Punk Id */
            punk_id: number[];
            /**
             * Skin
             * @description Place in `skins`; null for zombies, apes and aliens
             */
            skin: (number | null)[];
            /**
             * Traits
             * @description Places in `traits`
             */
            traits: number[][];
            /**
             * Type
             * @description Place in `types`
             */
            type: (number | null)[];
            /** Value Eth */
            value_eth: number[];
        };
        /**
         * ColumnsDocument
         * @description All that a page needs to show, filter and sort all punks. Under 300 kB compressed.
         */
        ColumnsDocument: {
            columns: components["schemas"]["Columns"];
            /** Count */
            count: number;
            generation: components["schemas"]["GenerationDocument"];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /** Skins */
            skins: string[];
            /**
             * Traits
             * @description Accessories
             */
            traits: string[];
            /** Types */
            types: string[];
        };
        /**
         * ComparableSale
         * @description The last valid sale of a punk like this one. Amounts in ETH.
         */
        ComparableSale: {
            /**
             * Adds
             * @description Traits that only the sold one has
             */
            adds: string[];
            /**
             * At Todays Floor Eth
             * @description price / floor then * floor as of the generation
             */
            at_todays_floor_eth: number;
            /**
             * At Todays Index Eth
             * @description Price brought to today by the sales index
             */
            at_todays_index_eth: number;
            /**
             * Floor Eth
             * @description The floor when it was sold
             */
            floor_eth: number;
            /**
             * Lacks
             * @description Traits of this punk that the sold one has not
             */
            lacks: string[];
            /** Price Eth */
            price_eth: number;
            /** Punk Id */
            punk_id: number;
            /**
             * Shared
             * @description Traits of both
             */
            shared: string[];
            /**
             * Similarity
             * @description 1: the same traits, sold just now
             */
            similarity: number;
            /**
             * Time
             * Format: date-time
             */
            time: string;
            /** Type */
            type: string | null;
        };
        /**
         * Comparison
         * @description The champion's values, and the baselines on the same sales where a baseline exists.
         */
        Comparison: {
            champion: components["schemas"]["ValueCard"];
            /** @description The champion on the sales of `last_sale` */
            champion_beside_last_sale: components["schemas"]["Card"];
            /** @description Baseline: the floor of the same generation */
            floor: components["schemas"]["Card"];
            /** @description Baseline: the punk's last valid sale known then, carried by the floor; fewer sales */
            last_sale: components["schemas"]["Card"];
        };
        /**
         * ContributionGroup
         * @description The parts of one group together.
         */
        ContributionGroup: {
            /** Eth */
            eth: number;
            /**
             * Group
             * @example traits
             */
            group: string;
            /**
             * Meaning
             * @example what the punk is
             */
            meaning: string;
        };
        /**
         * ContributionPart
         * @description One reason and the ETH it adds.
         */
        ContributionPart: {
            /** Eth */
            eth: number;
            /**
             * Group
             * @example traits
             */
            group: string;
            /**
             * Name
             * @description A trait, or what the group calls it
             * @example accessory:Hoodie
             */
            name: string;
        };
        /**
         * Contributions
         * @description The value, taken apart: `floor_eth` and the ETH of all parts (or of all groups) add up to `value_eth`.
         */
        Contributions: {
            /**
             * Floor Eth
             * @description Lowest ask of any other punk as of the generation
             */
            floor_eth: number;
            /** Groups */
            groups: components["schemas"]["ContributionGroup"][];
            /** Parts */
            parts: components["schemas"]["ContributionPart"][];
            /** Value Eth */
            value_eth: number;
        };
        /**
         * Coverage
         * @description Share of sale prices inside an interval, with the 95 % interval of the share (Wilson).
         */
        Coverage: {
            /** Covered */
            covered: number;
            /** Hi */
            hi: number | null;
            /**
             * Level
             * @example 0.8
             */
            level: number;
            /** Lo */
            lo: number | null;
            /** N */
            n: number;
            /** Share */
            share: number | null;
        };
        /** CreatedWebhook */
        CreatedWebhook: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Deal Margin */
            deal_margin: number;
            /** Description */
            description: string;
            /** Disabled Reason */
            disabled_reason: string | null;
            /**
             * Dropped
             * @description Deliveries that were dropped because too many waited
             */
            dropped: number;
            /** Events */
            events: ("deal.found" | "deal.gone" | "sale.scored" | "model.promoted" | "model.rolled_back" | "alert.raised")[];
            /** Failing Since */
            failing_since: string | null;
            /**
             * Failures
             * @description In a row
             */
            failures: number;
            filters: components["schemas"]["DealFilters"];
            /** Last Delivered At */
            last_delivered_at: string | null;
            /**
             * Last Status
             * @description Status of the last answer; null: none yet, or no answer
             */
            last_status: number | null;
            /**
             * Next Step
             * @description What its owner has to do until it is active
             */
            readonly next_step: string | null;
            /**
             * Secret
             * @description Shown once. Signs every delivery
             * @example whsec_…
             */
            secret: string;
            /**
             * State
             * @description pending: the URL has not answered a challenge yet; disabled: after repeated failure, or with its key
             * @enum {string}
             */
            state: "pending" | "active" | "disabled";
            /** Url */
            url: string;
            /**
             * Webhook Id
             * Format: uuid
             */
            webhook_id: string;
        };
        /**
         * CurrentModel
         * @description The champion, and the position of the pointer.
         */
        CurrentModel: {
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            model: components["schemas"]["ModelDocument"];
            /**
             * Moved At
             * Format: date-time
             */
            moved_at: string;
            /**
             * Pointer Generation
             * @description Generation of the model pointer
             */
            pointer_generation: number;
            /** Previous Model Id */
            previous_model_id: string | null;
        };
        /**
         * Deal
         * @description A public ask and the value of its punk. `probability` and margins allow for the selection of low asks.
         */
        Deal: {
            ask: components["schemas"]["Ask"];
            /**
             * Confidence
             * @enum {string}
             */
            confidence: "A" | "B" | "C" | "D";
            /**
             * Discount
             * @description 1 - ask / value, before anything is shrunk
             */
            discount: number;
            /**
             * Expected Margin Eth
             * @description Shrunk value after the fee, less ask and gas
             */
            expected_margin_eth: number;
            /**
             * Expected Return
             * @description Expected margin over ask and gas
             */
            expected_return: number;
            hi80: components["schemas"]["Money"];
            lo80: components["schemas"]["Money"];
            /**
             * Probability
             * @description That the value exceeds the ask
             */
            probability: number;
            /** Punk Id */
            punk_id: number;
            /**
             * Shrunk Value Eth
             * @description The value, shrunk towards what asks are usually worth
             */
            shrunk_value_eth: number;
            /** Type */
            type: string | null;
            value: components["schemas"]["Money"];
        };
        /**
         * DealFilters
         * @description What a deal must be, beside `deal_margin`. A filter that is not given lets every deal through.
         */
        DealFilters: {
            /**
             * Max Price
             * @description Highest ask, in ETH
             */
            max_price?: number | null;
            /**
             * Min Confidence
             * @description A is best
             */
            min_confidence?: ("A" | "B" | "C" | "D") | null;
            /**
             * Min Probability
             * @description That the punk is worth more than its ask, as in /v1/deals
             */
            min_probability?: number | null;
            /**
             * Traits
             * @description All of these accessories
             */
            traits?: string[] | null;
            /**
             * Types
             * @description One of these types
             */
            types?: string[] | null;
        };
        /**
         * DealPrior
         * @description What was learnt from all live asks: ln(value / ask) has this mean and spread.
         */
        DealPrior: {
            /** Asks */
            asks: number;
            /** Mean */
            mean: number;
            /** Spread */
            spread: number;
        };
        /**
         * DealsDocument
         * @description Most probable first. All pages are of one generation; asks are those of now.
         */
        DealsDocument: {
            /** Fee Percent */
            fee_percent: number;
            /** Gas Eth */
            gas_eth: number;
            generation: components["schemas"]["GenerationDocument"];
            /** Items */
            items: components["schemas"]["Deal"][];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /** Min Probability */
            min_probability: number;
            /** Next Cursor */
            next_cursor: string | null;
            prior: components["schemas"]["DealPrior"] | null;
        };
        /**
         * DecisionDocument
         * @description A recorded decision with its whole evidence.
         */
        DecisionDocument: {
            /**
             * Action
             * @enum {string}
             */
            action: "promote" | "start_shadow" | "reject" | "rollback" | "confirm" | "quarantine" | "none";
            /** Actor */
            actor: string;
            /** Champion Model */
            champion_model: string | null;
            /** Checks */
            checks: components["schemas"]["Check"][];
            /**
             * Decided At
             * Format: date-time
             */
            decided_at: string;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /**
             * Evidence
             * @description The same JSON, parsed
             */
            readonly evidence: unknown;
            /** Evidence Hash */
            evidence_hash: string;
            /**
             * Evidence Text
             * @description The canonical JSON that evidence_hash is over, byte for byte
             */
            evidence_text: string;
            /**
             * Expected Generation
             * @description Of the model pointer
             */
            expected_generation: number;
            /**
             * Expires At
             * @description When that closes without anybody
             */
            expires_at: string | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "gate" | "shadow" | "rollback" | "confirm" | "operator";
            /**
             * Owner
             * @description Who may close what this leaves open; null: it leaves nothing open
             */
            owner: string | null;
            /** Policy Hash */
            policy_hash: string;
            /** Reason */
            reason: string;
            /** Subject Model */
            subject_model: string;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "pass" | "fail" | "inconclusive" | "error";
        };
        /**
         * DecisionRecord
         * @description A recorded decision: about which model, by which policy, with which checks.
         */
        DecisionRecord: {
            /**
             * Action
             * @enum {string}
             */
            action: "promote" | "start_shadow" | "reject" | "rollback" | "confirm" | "quarantine" | "none";
            /** Actor */
            actor: string;
            /** Champion Model */
            champion_model: string | null;
            /** Checks */
            checks: components["schemas"]["Check"][];
            /**
             * Decided At
             * Format: date-time
             */
            decided_at: string;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /** Evidence Hash */
            evidence_hash: string;
            /**
             * Expected Generation
             * @description Of the model pointer
             */
            expected_generation: number;
            /**
             * Expires At
             * @description When that closes without anybody
             */
            expires_at: string | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "gate" | "shadow" | "rollback" | "confirm" | "operator";
            /**
             * Owner
             * @description Who may close what this leaves open; null: it leaves nothing open
             */
            owner: string | null;
            /** Policy Hash */
            policy_hash: string;
            /** Reason */
            reason: string;
            /** Subject Model */
            subject_model: string;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "pass" | "fail" | "inconclusive" | "error";
        };
        /**
         * DepthStep
         * @description All public asks up to a price, counted from the floor upwards.
         */
        DepthStep: {
            /** Above Floor Percent */
            above_floor_percent: number;
            /** @description What buying all of them would cost */
            amount: components["schemas"]["Money"];
            /**
             * Asks
             * @description Asks up to that price
             */
            asks: number;
            /** @description The floor, and so many percent */
            price: components["schemas"]["Money"];
        };
        /**
         * Distribution
         * @description Quantiles of the price of a valid sale now, by level; and the log-normal that fits the 80 % interval.
         */
        Distribution: {
            /** Log Mean */
            log_mean: number;
            /** Log Sd */
            log_sd: number;
            /**
             * Quantiles
             * @example {
             *       "0.05": 30,
             *       "0.5": 40,
             *       "0.95": 52
             *     }
             */
            quantiles: {
                [key: string]: number;
            };
        };
        /**
         * EValuePath
         * @description One sequential test: a promoted model against its predecessor, or a shadow against the champion.
         */
        EValuePath: {
            /** Ended At */
            ended_at: string | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "promotion" | "shadow";
            /** Model Id */
            model_id: string;
            /** Other Model Id */
            other_model_id: string | null;
            /** Points */
            points: components["schemas"]["EValuePoint"][];
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /**
             * State
             * @description Of the promotion (warm_up, watching, confirmed, …) or of the shadow
             */
            state: string;
            /**
             * Steps
             * @description Steps taken; `points` thins them to at most `max_points`
             */
            steps: number;
            /** Test Id */
            test_id: string;
            /**
             * Threshold
             * @description The test ends at this E-value
             * @example 20
             */
            threshold: number;
        };
        /**
         * EValuePoint
         * @description After one step: all sales of one transaction.
         */
        EValuePoint: {
            /**
             * At
             * Format: date-time
             * @description Of the sale
             */
            at: string;
            /**
             * Difference
             * @description Loss of the model minus loss of the other, log units
             */
            difference: number;
            /**
             * E Better
             * @description Evidence that it is better, or not worse by the margin (shadows)
             */
            e_better: number;
            /**
             * E Worse
             * @description Evidence that it is worse than the other
             */
            e_worse: number;
            /** Step */
            step: number;
        };
        /** EquityCurve */
        EquityCurve: {
            /**
             * Book
             * @enum {string}
             */
            book: "executable" | "seed_style" | "buy_all" | "random_entry" | "floor_index";
            /** Points */
            points: components["schemas"]["EquityPoint"][];
        };
        /**
         * EquityDocument
         * @description Daily equity (cash and positions, ETH) and growth of one unit, a curve for each book asked for.
         */
        EquityDocument: {
            /** Backtest Id */
            backtest_id: string;
            /** Curves */
            curves: components["schemas"]["EquityCurve"][];
        };
        /**
         * EquityPoint
         * @description At the end of a UTC day.
         */
        EquityPoint: {
            /** Cash */
            cash: number;
            /**
             * Day
             * Format: date
             */
            day: string;
            /**
             * Growth Bid
             * @description What one unit has become: chart this
             */
            growth_bid: number;
            /** Growth Floor */
            growth_floor: number;
            /** Growth Value */
            growth_value: number;
            /**
             * Held
             * @description Punks held
             */
            held: number;
            /** Positions Bid */
            positions_bid: number;
            /** Positions Floor */
            positions_floor: number;
            /** Positions Value */
            positions_value: number;
        };
        /**
         * Estimate
         * @description A figure with its 90 % interval (circular block bootstrap of days); null where too little happened to say.
         */
        Estimate: {
            /** Hi */
            hi: number | null;
            /** Lo */
            lo: number | null;
            /** Value */
            value: number | null;
        };
        /** EthUsd */
        EthUsd: {
            /** Close */
            close: number;
            /**
             * Date
             * Format: date
             */
            date: string;
        };
        /**
         * EvidenceDocument
         * @description Every decision about a model, oldest first, with its checks.
         */
        EvidenceDocument: {
            /** Decisions */
            decisions: components["schemas"]["DecisionRecord"][];
            /** Model Id */
            model_id: string;
        };
        /**
         * ExcludedSale
         * @description A sale that is left out, as it was judged from what was known when it happened.
         */
        ExcludedSale: {
            /** Block */
            block: number;
            /** Buyer */
            buyer: string | null;
            /**
             * Channel
             * @description As of an outcome; null until the ingestor has labelled the sale
             */
            channel: string | null;
            /** Explanation */
            explanation: string;
            /** @description Lowest public ask of any other punk just before */
            floor: components["schemas"]["Money"] | null;
            /**
             * Kind
             * @description buy or accept_bid
             */
            kind: string;
            /** Log Index */
            log_index: number;
            price: components["schemas"]["Money"];
            /** Punk Id */
            punk_id: number;
            /**
             * Reason
             * @example custody_move
             */
            reason: string;
            /** Seller */
            seller: string | null;
            /**
             * Sold At
             * Format: date-time
             */
            sold_at: string;
            /** Tx Hash */
            tx_hash: string;
        };
        /**
         * Exclusion
         * @description Why a sale does not count.
         * @enum {string}
         */
        Exclusion: "custody_move" | "dust" | "self_sale" | "flash_loan" | "round_trip" | "duplicate" | "far_below_floor" | "far_below_previous_day_floor";
        /** ExclusionPage */
        ExclusionPage: {
            /**
             * Counts
             * @description Of all excluded sales, whatever is filtered; most first
             */
            counts: components["schemas"]["ReasonCount"][];
            /** Items */
            items: components["schemas"]["ExcludedSale"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * FairPrice
         * @description Amounts in ETH.
         */
        FairPrice: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /**
             * Currency
             * @constant
             */
            currency: "ETH";
            /** Fair Price */
            fair_price: number;
            /** Generation */
            generation: number;
            /** Id Punk */
            id_punk: number;
            /** Model */
            model: string;
        };
        /** FairPricePlus */
        FairPricePlus: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /**
             * Confidence
             * @enum {string}
             */
            confidence: "A" | "B" | "C" | "D";
            /**
             * Currency
             * @constant
             */
            currency: "ETH";
            distribution: components["schemas"]["Distribution"];
            /** Fair Price */
            fair_price: number;
            /** Generation */
            generation: number;
            /** Id Punk */
            id_punk: number;
            /**
             * Intervals
             * @description By coverage in percent
             */
            intervals: {
                [key: string]: components["schemas"]["PricedInterval"];
            };
            /** Model */
            model: string;
        };
        /**
         * Figures
         * @description Of daily equity marked one way. Shares are fractions (0.05 is five percent).
         */
        Figures: {
            /** @description Compound, 365 days a year */
            annual_return: components["schemas"]["Estimate"];
            /** @description Annual return over maximum drawdown */
            calmar: components["schemas"]["Estimate"];
            /**
             * Mark
             * @description How open positions are valued: at the punk's standing bid (0 without one), at the lower of floor and value, or at the published value. With the latter, the model marks its own purchases.
             * @enum {string}
             */
            mark: "bid" | "floor" | "value";
            /** @description Largest fall from a peak, as a share of the peak */
            max_drawdown: components["schemas"]["Estimate"];
            /** @description Mean over deviation of daily returns, times the root of 365 */
            sharpe: components["schemas"]["Estimate"];
            /** @description The same over the downside deviation from zero */
            sortino: components["schemas"]["Estimate"];
            total_return: components["schemas"]["Estimate"];
            /** @description Of daily returns, times the root of 365 */
            volatility: components["schemas"]["Estimate"];
        };
        /** FloorDocument */
        FloorDocument: {
            price: components["schemas"]["Money"];
            /** Punk Id */
            punk_id: number;
        };
        /**
         * Freeze
         * @description A freeze of automatic promotions; `in_force` at the instant of the query.
         */
        Freeze: {
            /** Actor */
            actor: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Freeze Id
             * Format: uuid
             */
            freeze_id: string;
            /** In Force */
            in_force: boolean;
            /** Lifted At */
            lifted_at: string | null;
            /** Lifted By */
            lifted_by: string | null;
            /** Reason */
            reason: string;
            /**
             * Starts At
             * Format: date-time
             */
            starts_at: string;
        };
        /**
         * FreezeOrder
         * @description Stop automatic promotions.
         * @example {
         *       "reason": "a node reports old blocks"
         *     }
         */
        FreezeOrder: {
            /**
             * Expires At
             * @description Default: until a person lifts it
             */
            expires_at?: string | null;
            /** Reason */
            reason: string;
        };
        /**
         * GenerationDocument
         * @description Which nowcast: 10,000 values made from one snapshot by one model.
         */
        GenerationDocument: {
            /**
             * As Of
             * Format: date-time
             * @description Values know only what happened before this instant, UTC
             */
            as_of: string;
            /** As Of Block */
            as_of_block: number;
            floor: components["schemas"]["Money"];
            /** Generation Id */
            generation_id: number;
            /** Merkle Root */
            merkle_root: string;
            /** Model Id */
            model_id: string;
            /**
             * Published At
             * Format: date-time
             */
            published_at: string;
            /** Snapshot Id */
            snapshot_id: string;
            /** Values Sha256 */
            values_sha256: string;
        };
        /** Group */
        Group: {
            champion: components["schemas"]["ValueCard"];
            /** @description The champion on the sales of `last_sale` */
            champion_beside_last_sale: components["schemas"]["Card"];
            /** @description Baseline: the floor of the same generation */
            floor: components["schemas"]["Card"];
            /** @description Baseline: the punk's last valid sale known then, carried by the floor; fewer sales */
            last_sale: components["schemas"]["Card"];
            /**
             * Name
             * @example premium
             * @example 2025-03
             */
            name: string;
        };
        /** HighBid */
        HighBid: {
            /** Bidder */
            bidder: string | null;
            price: components["schemas"]["Money"];
            /** Punk Id */
            punk_id: number;
            /**
             * Since
             * Format: date-time
             */
            since: string;
        };
        /**
         * HistoryDocument
         * @description Oldest first. Every list is complete unless `truncated` names it: then only the newest are shown.
         */
        HistoryDocument: {
            /**
             * Asks
             * @description Public asks
             */
            asks: components["schemas"]["OfferPeriod"][];
            /** Bids */
            bids: components["schemas"]["OfferPeriod"][];
            /**
             * End
             * @description `to` of the request
             */
            end: string | null;
            /** Punk Id */
            punk_id: number;
            /** Sales */
            sales: components["schemas"]["PastSale"][];
            /**
             * Start
             * @description `from` of the request
             */
            start: string | null;
            /**
             * Step Seconds
             * @description The values are the last of each step of so many seconds; null: all of them
             */
            step_seconds: number | null;
            /** Truncated */
            truncated: ("sales" | "asks" | "bids")[];
            /** Values */
            values: components["schemas"]["ValuePoint"][];
        };
        /** Interval */
        Interval: {
            hi: components["schemas"]["Money"];
            lo: components["schemas"]["Money"];
        };
        /** LastSale */
        LastSale: {
            /** Buyer */
            buyer: string | null;
            /** Kind */
            kind: ("buy" | "accept_bid") | null;
            price: components["schemas"]["Money"];
            /** Seller */
            seller: string | null;
            /**
             * Time
             * Format: date-time
             */
            time: string;
            /** Tx Hash */
            tx_hash: string | null;
            /**
             * Valid
             * @description Counts for training and scoring
             */
            valid: boolean | null;
        };
        /**
         * LifecycleEvent
         * @description Something that happened to a model, or to what decides about models.
         */
        LifecycleEvent: {
            /** Actor */
            actor: string | null;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Decision Id */
            decision_id: string | null;
            /**
             * Id
             * @description Stable, unique in the timeline
             * @example promoted:4711
             */
            id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "training_requested" | "training_succeeded" | "training_failed" | "training_cancelled" | "contender_registered" | "gate_decided" | "shadow_started" | "shadow_ended" | "promoted" | "confirmed" | "rolled_back" | "operator_decided" | "frozen" | "unfrozen" | "alert";
            /** Model Id */
            model_id: string | null;
            /**
             * Other Model Id
             * @description The champion before, or the one compared with
             */
            other_model_id: string | null;
            /** Request Id */
            request_id: string | null;
            /** Severity */
            severity: ("info" | "warning" | "critical") | null;
            /**
             * Summary
             * @description One sentence for people
             */
            summary: string;
            /** Verdict */
            verdict: string | null;
        };
        /** LifecycleStatus */
        LifecycleStatus: {
            /** Champion */
            champion: string | null;
            /** Freezes */
            freezes: number;
            /**
             * Promotion
             * @description warm_up or watching while a promotion is open
             */
            promotion: string | null;
            /** Shadows */
            shadows: number;
        };
        /**
         * Lineage
         * @description A model's origin, its descendants, its reigns and its live results.
         */
        Lineage: {
            /** Children */
            children: components["schemas"]["Relative"][];
            /**
             * Line
             * @description From the model back to the first of its ancestors
             */
            line: components["schemas"]["Relative"][];
            live: components["schemas"]["Live"];
            /** Model Id */
            model_id: string;
            /** Reigns */
            reigns: components["schemas"]["Reign"][];
            request: components["schemas"]["TrainedFor"] | null;
        };
        /** List[EValuePath] */
        List_EValuePath_: {
            /** Items */
            items: components["schemas"]["EValuePath"][];
        };
        /** List[Freeze] */
        List_Freeze_: {
            /** Items */
            items: components["schemas"]["Freeze"][];
        };
        /** List[LogLine] */
        List_LogLine_: {
            /** Items */
            items: components["schemas"]["LogLine"][];
        };
        /** List[ShadowDocument] */
        List_ShadowDocument_: {
            /** Items */
            items: components["schemas"]["ShadowDocument"][];
        };
        /** List[SigningKeyDocument] */
        List_SigningKeyDocument_: {
            /** Items */
            items: components["schemas"]["SigningKeyDocument"][];
        };
        /**
         * Live
         * @description Scores of its values on later sales, published or not; losses are mean absolute log errors.
         */
        Live: {
            /** Coverage80 */
            coverage80: number | null;
            /** Coverage90 */
            coverage90: number | null;
            /**
             * Floor Loss
             * @description Of the floor on the same sales
             */
            floor_loss: number | null;
            /** Mean Loss */
            mean_loss: number | null;
            /** Median Ape */
            median_ape: number | null;
            /** N */
            n: number;
        };
        /**
         * LogLine
         * @description An entry of the log.
         */
        LogLine: {
            /** Index */
            index: number;
            /**
             * Line
             * @description Generation id, as_of, published_at, model id, number of rows, Merkle root and SHA-256 of the values, separated by commas
             */
            line: string;
        };
        /**
         * MarketAsOf
         * @description Last event that asks, owners and sales are derived from.
         */
        MarketAsOf: {
            /** Block */
            block: number;
            /**
             * Time
             * Format: date-time
             */
            time: string;
        };
        /**
         * MarketDay
         * @description One day (UTC). Amounts in ETH, null where unknown.
         */
        MarketDay: {
            /**
             * Date
             * Format: date
             */
            date: string;
            /** Eth Usd */
            eth_usd: number | null;
            /**
             * Floor Eth
             * @description Lowest public ask at the day's end
             */
            floor_eth: number | null;
            /**
             * Index Eth
             * @description Value index: what a common punk is worth by the sales index at the day's end
             */
            index_eth: number | null;
            /** Sales */
            sales: number;
            /** Valid Sales */
            valid_sales: number;
            /** Volume Eth */
            volume_eth: number;
        };
        /**
         * MarketDocument
         * @description The market as of its last event, and the nowcast it is shown with.
         */
        MarketDocument: {
            /**
             * Asks
             * @description Public asks
             */
            asks: number;
            bids: components["schemas"]["BidsDocument"];
            /** Depth */
            depth: components["schemas"]["DepthStep"][];
            eth_usd: components["schemas"]["EthUsd"] | null;
            floor: components["schemas"]["FloorDocument"] | null;
            generation: components["schemas"]["GenerationDocument"];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /** Volumes */
            volumes: components["schemas"]["VolumeDocument"][];
        };
        /**
         * MarketSeriesDocument
         * @description Days in order, including days without sales.
         */
        MarketSeriesDocument: {
            /** Days */
            days: components["schemas"]["MarketDay"][];
            /** End */
            end: string | null;
            /** Start */
            start: string | null;
        };
        /** MarketStatus */
        MarketStatus: {
            /** Age Seconds */
            age_seconds: number;
            /** Last Block */
            last_block: number;
            /** Last Event Seq */
            last_event_seq: number;
            /**
             * Last Event Time
             * Format: date-time
             */
            last_event_time: string;
            /**
             * Simulated
             * @description The market is made up
             */
            simulated: boolean;
        };
        /**
         * ModelDocument
         * @description A model in the registry: what it was made from, and when the pointer named it.
         */
        ModelDocument: {
            /** Artifact Bytes */
            artifact_bytes: number;
            /** Artifact Format */
            artifact_format: string;
            /** Artifact Key */
            artifact_key: string;
            /** Artifact Sha256 */
            artifact_sha256: string;
            /**
             * Data Cutoff
             * Format: date-time
             * @description Trained on sales before this instant
             */
            data_cutoff: string;
            /** Environment Hash */
            environment_hash: string;
            /** Evaluation Snapshot */
            evaluation_snapshot: string;
            /** Feature Schema */
            feature_schema: string;
            /** Git Dirty */
            git_dirty: boolean;
            /** Git Sha */
            git_sha: string;
            /** Model Id */
            model_id: string;
            /** Params */
            params: {
                [key: string]: unknown;
            };
            /** Parent Model */
            parent_model: string | null;
            /**
             * Registered At
             * Format: date-time
             */
            registered_at: string;
            /** Reigns */
            reigns: components["schemas"]["Reign"][];
            /** Report */
            report: {
                [key: string]: unknown;
            };
            /** Seed */
            seed: number;
            /**
             * Signatures
             * @description Signed notes about the file; see docs/security.md
             * @default []
             */
            signatures?: string[];
            /**
             * State
             * @enum {string}
             */
            state: "registered" | "evaluated" | "rejected" | "shadow" | "champion" | "retired" | "rolled_back" | "quarantined";
            /**
             * Training Request
             * Format: uuid
             */
            training_request: string;
            /** Training Rows */
            training_rows: number;
            /** Training Snapshot */
            training_snapshot: string;
            /** Xgboost Version */
            xgboost_version: string;
        };
        /**
         * ModelSummary
         * @description A model in the registry.
         */
        ModelSummary: {
            /**
             * Data Cutoff
             * Format: date-time
             * @description Trained on sales before this instant
             */
            data_cutoff: string;
            /** Feature Schema */
            feature_schema: string;
            /** Model Id */
            model_id: string;
            /** Parent Model */
            parent_model: string | null;
            /**
             * Registered At
             * Format: date-time
             */
            registered_at: string;
            /**
             * State
             * @enum {string}
             */
            state: "registered" | "evaluated" | "rejected" | "shadow" | "champion" | "retired" | "rolled_back" | "quarantined";
            /**
             * Training Request
             * Format: uuid
             */
            training_request: string;
            /** Training Rows */
            training_rows: number;
        };
        /**
         * Money
         * @description An amount of ether.
         */
        Money: {
            /**
             * Eth
             * @description The same in ETH, rounded to a double
             * @example 45
             */
            eth: number;
            /**
             * Wei
             * @description Exact
             * @example 45000000000000000000
             */
            wei: string;
        };
        /** MonthReturn */
        MonthReturn: {
            /** Bid */
            bid: number;
            /** Floor */
            floor: number;
            /**
             * Month
             * @example 2025-03
             */
            month: string;
            /** Value */
            value: number;
        };
        /**
         * NodeStatus
         * @description A node of the chain. Its name is the host; `failures` count from the start of the ingestor.
         */
        NodeStatus: {
            /** Failures */
            failures: number;
            /** Head */
            head: number | null;
            /** Name */
            name: string;
            /**
             * Problem
             * @description Why its last answer was not usable
             */
            problem: string | null;
        };
        /**
         * NowcastDocument
         * @description A whole generation, by punk.
         */
        NowcastDocument: {
            /** Count */
            count: number;
            generation: components["schemas"]["GenerationDocument"];
            /** Punks */
            punks: components["schemas"]["NowcastEntry"][];
        };
        /** NowcastEntry */
        NowcastEntry: {
            /**
             * Confidence
             * @description A is best
             * @enum {string}
             */
            confidence: "A" | "B" | "C" | "D";
            /** Intervals */
            intervals: {
                [key: string]: components["schemas"]["Interval"];
            };
            /** Punk Id */
            punk_id: number;
            value: components["schemas"]["Money"];
        };
        /** NowcastStatus */
        NowcastStatus: {
            /** Age Seconds */
            age_seconds: number;
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Generation Id */
            generation_id: number;
            /** Model Id */
            model_id: string;
            /**
             * Stale After Seconds
             * @description Older values have the flag `nowcast_stale`
             */
            stale_after_seconds: number;
        };
        /**
         * OfferPeriod
         * @description An ask or a bid, from when it was placed to when it ended.
         */
        OfferPeriod: {
            /**
             * By
             * @description Address of the seller, or of the bidder
             */
            by: string | null;
            /**
             * End
             * @description Null while it stands
             */
            end: string | null;
            /**
             * Ended By
             * @description Type of the event that ended it
             * @example delisted
             */
            ended_by: string | null;
            price: components["schemas"]["Money"];
            /**
             * Start
             * Format: date-time
             */
            start: string;
        };
        /**
         * OperatorOrder
         * @description Why, and at which place of the pointer the operator looked.
         * @example {
         *       "reason": "the watch is quiet"
         *     }
         */
        OperatorOrder: {
            /**
             * Expected Generation
             * @description Of the model pointer: refused when it has moved since; default: now
             */
            expected_generation?: number | null;
            /**
             * Reason
             * @description Kept with the decision
             */
            reason: string;
        };
        /** OutboxStatus */
        OutboxStatus: {
            /**
             * Depth
             * @description Messages committed and not yet taken by the broker
             */
            depth: number;
            /** Oldest Age Seconds */
            oldest_age_seconds: number;
        };
        /**
         * Outcome
         * @description A sale and the last value published at least a horizon before it.
         */
        Outcome: {
            /**
             * Channel
             * @description directed_ask: only one address could take it. Null, as all labels, for a sale of an older release until the ingestor's next step
             */
            channel: ("public_ask" | "directed_ask" | "accepted_bid") | null;
            /**
             * Dealer
             * @description Seller or true buyer had bought and sold 10 punks each, in valid sales of a year
             */
            dealer: boolean | null;
            /** Event Seq */
            event_seq: number;
            /** Exclusion */
            exclusion: string | null;
            /** @description Of the same generation */
            floor: components["schemas"]["Money"];
            /** Generation Id */
            generation_id: number;
            /**
             * Horizon
             * @enum {string}
             */
            horizon: "latest" | "24h" | "7d";
            /**
             * In50
             * @description The price lies in the 50 % interval
             */
            in50: boolean;
            /** In80 */
            in80: boolean;
            /** In90 */
            in90: boolean;
            /**
             * Kind
             * @enum {string}
             */
            kind: "buy" | "accept_bid";
            /** @description Baseline: the punk's last valid sale known then, carried by the floor */
            last_sale: components["schemas"]["Money"] | null;
            /** Log Index */
            log_index: number;
            /** Model Id */
            model_id: string;
            /**
             * Pass Through
             * @description The named buyer passed the punk on in the same transaction
             */
            pass_through: boolean | null;
            price: components["schemas"]["Money"];
            /**
             * Published At
             * Format: date-time
             */
            published_at: string;
            /** Punk Id */
            punk_id: number;
            /**
             * Sold At
             * Format: date-time
             */
            sold_at: string;
            /**
             * True Buyer
             * @description Who had the punk at the end of the transaction
             */
            true_buyer: string | null;
            /** Tx Hash */
            tx_hash: string;
            /** Type */
            type: string | null;
            /**
             * Valid
             * @description Counts for the scorecard; otherwise `exclusion` says why not
             */
            valid: boolean;
            value: components["schemas"]["Money"];
            /**
             * Wrapped
             * @description The transaction also wrapped or unwrapped the punk
             */
            wrapped: boolean | null;
        };
        /** Page[DecisionRecord] */
        Page_DecisionRecord_: {
            /** Items */
            items: components["schemas"]["DecisionRecord"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[GenerationDocument] */
        Page_GenerationDocument_: {
            /** Items */
            items: components["schemas"]["GenerationDocument"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[LifecycleEvent] */
        Page_LifecycleEvent_: {
            /** Items */
            items: components["schemas"]["LifecycleEvent"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[ModelSummary] */
        Page_ModelSummary_: {
            /** Items */
            items: components["schemas"]["ModelSummary"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[Outcome] */
        Page_Outcome_: {
            /** Items */
            items: components["schemas"]["Outcome"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** Page[TrainingRequest] */
        Page_TrainingRequest_: {
            /** Items */
            items: components["schemas"]["TrainingRequest"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** PastSale */
        PastSale: {
            /** Buyer */
            buyer: string | null;
            /**
             * Exclusion
             * @description Why it does not count
             */
            exclusion: string | null;
            /** @description Lowest public ask of any other punk just before */
            floor: components["schemas"]["Money"] | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "buy" | "accept_bid";
            price: components["schemas"]["Money"];
            /** Seller */
            seller: string | null;
            /**
             * Time
             * Format: date-time
             */
            time: string;
            /** Tx Hash */
            tx_hash: string;
            /**
             * Valid
             * @description Counts for training and scoring
             */
            valid: boolean;
        };
        /**
         * PerformanceDocument
         * @description What has been scored so far.
         */
        PerformanceDocument: {
            /**
             * By Channel
             * @description As `channel` of an outcome; here and below unlabelled if it is null
             */
            by_channel: components["schemas"]["Group"][];
            /**
             * By Dealer
             * @description dealer, no_dealer
             */
            by_dealer: components["schemas"]["Group"][];
            /** By Horizon */
            by_horizon: {
                [key: string]: components["schemas"]["Comparison"];
            };
            /** By Kind */
            by_kind: components["schemas"]["Group"][];
            /** By Model */
            by_model: components["schemas"]["Group"][];
            /** By Month */
            by_month: components["schemas"]["Group"][];
            /**
             * By Pass Through
             * @description pass_through, direct
             */
            by_pass_through: components["schemas"]["Group"][];
            /**
             * By Segment
             * @description By predicted premium, value over floor at publication: floor_tier below 1.08, mid below 1.3, premium below 2.5, rare above
             */
            by_segment: components["schemas"]["Group"][];
            /** By Type */
            by_type: components["schemas"]["Group"][];
            /** Calibration */
            calibration: components["schemas"]["Calibration"][];
            /**
             * Computed At
             * Format: date-time
             */
            computed_at: string;
            /**
             * Excluded Sales
             * @description Sales of the horizon's period that are left out (or were added)
             */
            excluded_sales: number;
            /**
             * Exclusions
             * @description False: excluded sales were scored, too
             */
            exclusions: boolean;
            /**
             * Horizon
             * @description Horizon of the breakdowns below
             * @enum {string}
             */
            horizon: "latest" | "24h" | "7d";
        };
        /**
         * Place
         * @description One broken rule of an invalid request.
         */
        Place: {
            /**
             * Location
             * @description Where: query.limit, path.punk_id, body.reason
             * @example query.limit
             */
            location: string;
            /**
             * Rule
             * @example Input should be less than or equal to 500
             */
            rule: string;
        };
        /**
         * Premium
         * @description What a trait adds, by the sales index: other traits held equal. Amounts in ETH for a common punk of today.
         */
        Premium: {
            /** Eth */
            eth: number;
            /** Hi80 Eth */
            hi80_eth: number;
            /** Lo80 Eth */
            lo80_eth: number;
            /**
             * Log
             * @description ln(price with the trait / price without)
             */
            log: number;
            /**
             * Standard Error
             * @description Of `log`, by the index's Kalman filter
             */
            standard_error: number;
        };
        /** PricedInterval */
        PricedInterval: {
            /** High */
            high: number;
            /** Low */
            low: number;
        };
        /**
         * Problem
         * @description RFC 9457 problem details, with the next step as an extension member.
         */
        Problem: {
            /** Detail */
            detail: string;
            /**
             * Errors
             * @default null
             */
            errors?: components["schemas"]["Place"][] | null;
            /**
             * Instance
             * @description Path of the request
             * @example /v1/punks/10000
             */
            instance: string;
            /**
             * Next Step
             * @description What to do about it
             */
            next_step: string;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /**
             * Type
             * @example https://punkcast.dev/problems/not-found
             */
            type: string;
        };
        /**
         * PromoteOrder
         * @example {
         *       "reason": "the watch is quiet"
         *     }
         */
        PromoteOrder: {
            /**
             * Expected Generation
             * @description Of the model pointer: refused when it has moved since; default: now
             */
            expected_generation?: number | null;
            /**
             * Override
             * @description Promote even if it was rejected or rolled back; the decision records this
             * @default false
             */
            override?: boolean;
            /**
             * Reason
             * @description Kept with the decision
             */
            reason: string;
        };
        /**
         * ProofDocument
         * @description That a value was part of a generation whose root was published with it. See docs/proofs.md.
         */
        ProofDocument: {
            /**
             * Algorithm
             * @constant
             */
            algorithm: "rfc6962-sha256";
            generation: components["schemas"]["GenerationDocument"];
            /**
             * Leaf
             * @description SHA-256 of a zero byte and the line
             */
            leaf: string;
            /** Leaf Count */
            leaf_count: number;
            /** Leaf Index */
            leaf_index: number;
            /**
             * Line
             * @description punk_id,value_wei,lo50_wei,hi50_wei,lo80_wei,hi80_wei,lo90_wei,hi90_wei,confidence
             * @example 7804,4000000000000000000000,1,2,1,2,1,2,D
             */
            line: string;
            /**
             * Path
             * @description From the leaf upwards
             */
            path: components["schemas"]["ProofStep"][];
            /** Punk Id */
            punk_id: number;
            /**
             * Root
             * @description What the path leads to; equals the generation's `merkle_root`
             */
            root: string;
        };
        /**
         * ProofStep
         * @description A neighbour on the way from the leaf to the root.
         */
        ProofStep: {
            /** Hash */
            hash: string;
            /**
             * Side
             * @description Where the neighbour stands
             * @enum {string}
             */
            side: "left" | "right";
        };
        /**
         * PunkBody
         * @description What is asked about.
         */
        PunkBody: {
            /**
             * Id Punk
             * @example 9999
             */
            id_punk: number;
        };
        /**
         * PunkDocument
         * @description A punk's value, what it is made of, and where the punk stands in the market.
         */
        PunkDocument: {
            ask: components["schemas"]["Ask"] | null;
            bid: components["schemas"]["Bid"] | null;
            /** @description Since the nowcast before; null when there is none */
            changes: components["schemas"]["Changes"] | null;
            /**
             * Comparables
             * @description Most alike first
             */
            comparables: components["schemas"]["ComparableSale"][] | null;
            /**
             * Confidence
             * @description A is best
             * @enum {string}
             */
            confidence: "A" | "B" | "C" | "D";
            contributions: components["schemas"]["Contributions"] | null;
            /**
             * Discount
             * @description 1 - ask / value; null without an ask
             */
            discount: number | null;
            generation: components["schemas"]["GenerationDocument"];
            /** Intervals */
            intervals: {
                [key: string]: components["schemas"]["Interval"];
            };
            last_sale: components["schemas"]["LastSale"] | null;
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /** Owner */
            owner: string | null;
            /** Owner Since */
            owner_since: string | null;
            /** Punk Id */
            punk_id: number;
            /** Skin */
            skin: string | null;
            /** Trait Count */
            trait_count: number;
            /** Traits */
            traits: string[];
            /** Type */
            type: string | null;
            /**
             * Unexplained
             * @description Why contributions and comparables are null: they follow a publication after a while
             * @example The reasons of this generation are being worked out; ask again in a minute.
             */
            unexplained: string | null;
            value: components["schemas"]["Money"];
        };
        /**
         * PunkEntry
         * @description A punk, its value, and where it stands in the market.
         */
        PunkEntry: {
            ask: components["schemas"]["Ask"] | null;
            bid: components["schemas"]["Bid"] | null;
            /**
             * Confidence
             * @description A is best
             * @enum {string}
             */
            confidence: "A" | "B" | "C" | "D";
            /**
             * Discount
             * @description 1 - ask / value; null without an ask
             */
            discount: number | null;
            /** Intervals */
            intervals: {
                [key: string]: components["schemas"]["Interval"];
            };
            last_sale: components["schemas"]["LastSale"] | null;
            /** Owner */
            owner: string | null;
            /** Owner Since */
            owner_since: string | null;
            /** Punk Id */
            punk_id: number;
            /** Skin */
            skin: string | null;
            /** Trait Count */
            trait_count: number;
            /** Traits */
            traits: string[];
            /** Type */
            type: string | null;
            value: components["schemas"]["Money"];
        };
        /**
         * PunkPage
         * @description Up to `limit` punks; continue with `next_cursor` until it is null. All pages show the same generation.
         */
        PunkPage: {
            generation: components["schemas"]["GenerationDocument"];
            /** Items */
            items: components["schemas"]["PunkEntry"][];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** QueueStatus */
        QueueStatus: {
            /** Queued */
            queued: number;
            /** Running */
            running: number;
        };
        /** ReasonCount */
        ReasonCount: {
            /** Explanation */
            explanation: string;
            /** Reason */
            reason: string;
            /** Sales */
            sales: number;
        };
        /**
         * Reign
         * @description A move of the model pointer to a model.
         */
        Reign: {
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /**
             * Generation
             * @description Of the model pointer
             */
            generation: number;
            /**
             * Moved At
             * Format: date-time
             */
            moved_at: string;
            /** Previous Model Id */
            previous_model_id: string | null;
        };
        /**
         * Relative
         * @description A model in the line of another one.
         */
        Relative: {
            /** Artifact Sha256 */
            artifact_sha256: string;
            /**
             * Data Cutoff
             * Format: date-time
             */
            data_cutoff: string;
            /** Git Sha */
            git_sha: string;
            /** Model Id */
            model_id: string;
            /**
             * Registered At
             * Format: date-time
             */
            registered_at: string;
            /**
             * State
             * @enum {string}
             */
            state: "registered" | "evaluated" | "rejected" | "shadow" | "champion" | "retired" | "rolled_back" | "quarantined";
            /** Training Snapshot */
            training_snapshot: string;
        };
        /** ReplayStatus */
        ReplayStatus: {
            /**
             * First
             * Format: date
             */
            first: string;
            /**
             * Last
             * Format: date
             */
            last: string;
        };
        /**
         * RollbackOrder
         * @example {
         *       "reason": "the watch is quiet"
         *     }
         */
        RollbackOrder: {
            /**
             * Expected Generation
             * @description Of the model pointer: refused when it has moved since; default: now
             */
            expected_generation?: number | null;
            /**
             * Reason
             * @description Kept with the decision
             */
            reason: string;
            /**
             * To
             * @description A retired model; default: the champion before
             */
            to?: string | null;
        };
        /**
         * ShadowDocument
         * @description A shadow and the progress of its test against the champion.
         */
        ShadowDocument: {
            /** Age Days */
            age_days: number;
            /** Champion Id */
            champion_id: string;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /**
             * E Not Worse
             * @description Evidence that it is not worse than the champion by the margin
             */
            e_not_worse: number;
            /** E Worse */
            e_worse: number;
            /** Ended At */
            ended_at: string | null;
            /**
             * Expires At
             * @description When it ends as inconclusive
             */
            expires_at: string | null;
            /**
             * First Started At
             * Format: date-time
             */
            first_started_at: string;
            /** Model Id */
            model_id: string;
            /** Outcome */
            outcome: ("not_worse" | "worse" | "expired" | "superseded") | null;
            /**
             * Sales
             * @description Transactions that the test has counted
             */
            sales: number;
            /**
             * Started At
             * Format: date-time
             * @description Of the test against this champion
             */
            started_at: string;
        };
        /**
         * SigningKeyDocument
         * @description A public key that signed a checkpoint or a model file here. Compare it with one that you have from elsewhere.
         */
        SigningKeyDocument: {
            /**
             * First Used At
             * Format: date-time
             */
            first_used_at: string;
            /**
             * Verifier Key
             * @description As https://c2sp.org/signed-note writes it
             */
            verifier_key: string;
        };
        /**
         * Since
         * @description The nowcast that the changes are against.
         */
        Since: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Generation Id */
            generation_id: number;
            /** Model Id */
            model_id: string;
        };
        /**
         * SourceStatus
         * @description The source of the market and the ingestor's last look at it. Blocks and nodes are those of a chain.
         */
        SourceStatus: {
            /**
             * Block
             * @description Last block read
             */
            block: number | null;
            /**
             * Failures
             * @description Looks that failed
             */
            failures: number;
            /**
             * Head
             * @description Newest block of the chain at the last look
             */
            head: number | null;
            /** Identity */
            identity: string | null;
            /**
             * Kind
             * @description simulated, files or chain; null before the first event
             */
            kind: string | null;
            /** Lag Blocks */
            lag_blocks: number | null;
            /**
             * Lag Seconds
             * @description Age of the last block read
             */
            lag_seconds: number | null;
            /** Looked At */
            looked_at: string | null;
            /**
             * Missing Closes
             * @description Days without an ETH/USD close
             */
            missing_closes: number;
            /** Nodes */
            nodes: components["schemas"]["NodeStatus"][];
            /**
             * Problem
             * @description Why the last look failed
             */
            problem: string | null;
            /**
             * Read At
             * @description The last successful look
             */
            read_at: string | null;
            /** Reorganisations */
            reorganisations: number;
        };
        /**
         * StatusDocument
         * @description The state of the platform. A field is null if it needs the database and the database is unavailable.
         */
        StatusDocument: {
            /**
             * Degraded
             * @description Empty if nothing is wrong
             */
            degraded: ("no_generation" | "database_away" | "nowcast_stale" | "generation_refused" | "champion_unsupported" | "source_away" | "source_stale" | "frozen")[];
            /** Last Scored At */
            last_scored_at: string | null;
            lifecycle: components["schemas"]["LifecycleStatus"] | null;
            market: components["schemas"]["MarketStatus"] | null;
            /**
             * Now
             * Format: date-time
             */
            now: string;
            nowcast: components["schemas"]["NowcastStatus"] | null;
            outbox: components["schemas"]["OutboxStatus"] | null;
            /** @description The days that are played; null for a market that goes on */
            replay: components["schemas"]["ReplayStatus"] | null;
            source: components["schemas"]["SourceStatus"] | null;
            training: components["schemas"]["QueueStatus"] | null;
        };
        /** TopDeal */
        TopDeal: {
            /** Ask Price */
            ask_price: number;
            /** Discount */
            discount: number;
            /** Expected Profit */
            expected_profit: number;
            /** Fair Price */
            fair_price: number;
            /** Id Punk */
            id_punk: number;
            /** Probability */
            probability: number;
            /** Type */
            type: string | null;
        };
        /**
         * TopDeals
         * @description Best first. Amounts in ETH.
         */
        TopDeals: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Count */
            count: number;
            /** Deals */
            deals: components["schemas"]["TopDeal"][];
            /** Generation */
            generation: number;
            /** Market As Of */
            market_as_of: string | null;
            /** Model */
            model: string;
        };
        /**
         * TradeFigures
         * @description Of the trades that were closed.
         */
        TradeFigures: {
            /** Closed */
            closed: number;
            /** @description Share of closed trades with a gain after all costs */
            hit_rate: components["schemas"]["Estimate"];
            /**
             * Invested Share
             * @description Mean share of equity in punks
             */
            invested_share: number | null;
            /** @description Mean gain over cost of closed trades */
            mean_return: components["schemas"]["Estimate"];
            /** Median Days Held */
            median_days_held: number | null;
            /**
             * Missed Fills
             * @description Asks that were gone when the order arrived
             */
            missed_fills: number;
            /** Open At End */
            open_at_end: number;
            /** Opened */
            opened: number;
            /**
             * Turnover
             * @description Bought and sold, over twice the mean equity, per year
             */
            turnover: number | null;
        };
        /**
         * TrainedFor
         * @description The request that the training answered.
         */
        TrainedFor: {
            /** Reason */
            reason: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            /** Requested By */
            requested_by: string;
        };
        /**
         * TrainingOrder
         * @description What to train.
         * @example {
         *       "reason": "drift"
         *     }
         */
        TrainingOrder: {
            /**
             * Data Cutoff
             * @description Train on sales before this instant; default: by policy
             */
            data_cutoff?: string | null;
            /**
             * Reason
             * @description Why; a key has one open request per reason
             */
            reason: string;
        };
        /**
         * TrainingRequest
         * @description queued -> running -> succeeded, failed or cancelled. `merged`: an open request of the same origin with the same
         *     reason takes its place.
         */
        TrainingRequest: {
            /** Attempts */
            attempts: number;
            /** Data Cutoff */
            data_cutoff: string | null;
            /** Error */
            error: string | null;
            /** Finished At */
            finished_at: string | null;
            /** Model Id */
            model_id: string | null;
            /**
             * Origin
             * @description The way it came: policy, nowcaster, operator, api:<key id>, cli:<user>, bus or bus:<user>
             */
            origin: string;
            /** Reason */
            reason: string;
            /**
             * Request Id
             * Format: uuid
             */
            request_id: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            /**
             * Requested By
             * @description As the requester says
             */
            requested_by: string;
            /** Started At */
            started_at: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "merged";
        };
        /** TraitAsk */
        TraitAsk: {
            /**
             * Discount
             * @description 1 - ask / value
             */
            discount: number;
            price: components["schemas"]["Money"];
            /** Punk Id */
            punk_id: number;
            value: components["schemas"]["Money"];
        };
        /** TraitDocument */
        TraitDocument: {
            generation: components["schemas"]["GenerationDocument"];
            /**
             * Lowest Asks
             * @description Up to twenty
             */
            lowest_asks: components["schemas"]["TraitAsk"][];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /**
             * Recent Sales
             * @description Newest first, up to twenty
             */
            recent_sales: components["schemas"]["TraitSale"][];
            trait: components["schemas"]["TraitEntry"];
        };
        /**
         * TraitEntry
         * @description A type, a skin, an accessory, or a number of accessories.
         */
        TraitEntry: {
            /** @description The lowest of those asks */
            floor: components["schemas"]["FloorDocument"] | null;
            /**
             * Id
             * @example accessory:Hoodie
             */
            id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "type" | "skin" | "count" | "accessory";
            /**
             * Listed
             * @description How many of them have a public ask
             */
            listed: number;
            /** @description Lowest value of a punk that has it */
            lowest_value: components["schemas"]["Money"] | null;
            median_value: components["schemas"]["Money"] | null;
            /**
             * Name
             * @example Hoodie
             */
            name: string;
            /**
             * Over Floor Eth
             * @description The trait's floor less the market's
             */
            over_floor_eth: number | null;
            /** @description Null until the generation's explanation is there */
            premium: components["schemas"]["Premium"] | null;
            /**
             * Punks
             * @description How many have it
             */
            punks: number;
            /**
             * Sales 365D
             * @description Valid sales in the year up to the last event
             */
            sales_365d: number;
        };
        /**
         * TraitSale
         * @description A valid sale of a punk with the trait.
         */
        TraitSale: {
            /**
             * At Todays Floor Eth
             * @description price / floor then * floor now
             */
            at_todays_floor_eth: number | null;
            /** @description The floor just before */
            floor: components["schemas"]["Money"];
            /**
             * Kind
             * @enum {string}
             */
            kind: "buy" | "accept_bid";
            price: components["schemas"]["Money"];
            /** Punk Id */
            punk_id: number;
            /**
             * Time
             * Format: date-time
             */
            time: string;
        };
        /** TraitsDocument */
        TraitsDocument: {
            generation: components["schemas"]["GenerationDocument"];
            /** Items */
            items: components["schemas"]["TraitEntry"][];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
        };
        /**
         * ValueCard
         * @description With the share of sale prices inside the published intervals.
         */
        ValueCard: {
            /**
             * Bias
             * @description Mean of (value - price) / price; above zero: too high
             */
            bias: number | null;
            /**
             * Cod
             * @description Coefficient of dispersion, percent (IAAO)
             */
            cod: number | null;
            /** Coverage 50 */
            coverage_50: number | null;
            /** Coverage 80 */
            coverage_80: number | null;
            /** Coverage 90 */
            coverage_90: number | null;
            /**
             * Mape
             * @description Mean of the same
             */
            mape: number | null;
            /**
             * Median Ape
             * @description Median of |value - price| / price
             */
            median_ape: number | null;
            /** Median Bias */
            median_bias: number | null;
            /** N */
            n: number;
            /**
             * Prb
             * @description Price-related bias (IAAO)
             */
            prb: number | null;
            /**
             * Prd
             * @description Price-related differential (IAAO)
             */
            prd: number | null;
            /** Within 10 */
            within_10: number | null;
            /**
             * Within 5
             * @description Share of sales with an error of at most 5 %
             */
            within_5: number | null;
        };
        /**
         * ValuePoint
         * @description What one published nowcast said. Amounts in ETH.
         */
        ValuePoint: {
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Generation Id */
            generation_id: number;
            /** Hi80 Eth */
            hi80_eth: number;
            /** Lo80 Eth */
            lo80_eth: number;
            /** Model Id */
            model_id: string;
            /** Value Eth */
            value_eth: number;
        };
        /**
         * Versus
         * @description A strategy minus a passive book, on the same days; the interval resamples both together.
         */
        Versus: {
            /**
             * Against
             * @enum {string}
             */
            against: "executable" | "seed_style" | "buy_all" | "random_entry" | "floor_index";
            annual_return_difference: components["schemas"]["Estimate"];
            /**
             * Book
             * @enum {string}
             */
            book: "executable" | "seed_style" | "buy_all" | "random_entry" | "floor_index";
            /**
             * Mark
             * @enum {string}
             */
            mark: "bid" | "floor" | "value";
            sharpe_difference: components["schemas"]["Estimate"];
            /** @description Over the whole stretch; without a value in a backtest from before it was counted */
            total_return_difference: components["schemas"]["Estimate"];
        };
        /**
         * VolumeDocument
         * @description Sales in the days up to the market's last event.
         */
        VolumeDocument: {
            /** Days */
            days: number;
            /** Sales */
            sales: number;
            /** Valid Sales */
            valid_sales: number;
            volume: components["schemas"]["Money"];
        };
        /**
         * WebhookDocument
         * @description A subscription, seen by its key and the operator alone. The settings alone create one to `alert.raised`.
         */
        WebhookDocument: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Deal Margin */
            deal_margin: number;
            /** Description */
            description: string;
            /** Disabled Reason */
            disabled_reason: string | null;
            /**
             * Dropped
             * @description Deliveries that were dropped because too many waited
             */
            dropped: number;
            /** Events */
            events: ("deal.found" | "deal.gone" | "sale.scored" | "model.promoted" | "model.rolled_back" | "alert.raised")[];
            /** Failing Since */
            failing_since: string | null;
            /**
             * Failures
             * @description In a row
             */
            failures: number;
            filters: components["schemas"]["DealFilters"];
            /** Last Delivered At */
            last_delivered_at: string | null;
            /**
             * Last Status
             * @description Status of the last answer; null: none yet, or no answer
             */
            last_status: number | null;
            /**
             * Next Step
             * @description What its owner has to do until it is active
             */
            readonly next_step: string | null;
            /**
             * State
             * @description pending: the URL has not answered a challenge yet; disabled: after repeated failure, or with its key
             * @enum {string}
             */
            state: "pending" | "active" | "disabled";
            /** Url */
            url: string;
            /**
             * Webhook Id
             * Format: uuid
             */
            webhook_id: string;
        };
        /** WebhookList */
        WebhookList: {
            /** Items */
            items: components["schemas"]["WebhookDocument"][];
        };
        /**
         * WebhookOrder
         * @description Where to post, and what.
         * @example {
         *       "events": [
         *         "sale.scored"
         *       ],
         *       "url": "https://example.org/hooks/punks"
         *     }
         */
        WebhookOrder: {
            /**
             * Deal Margin
             * @description deal.found: ask at most value x (1 - margin)
             * @default 0.1
             */
            deal_margin?: number;
            /**
             * Description
             * @description For your own list
             * @default
             */
            description?: string;
            /** Events */
            events: ("deal.found" | "deal.gone" | "sale.scored" | "model.promoted" | "model.rolled_back")[];
            /**
             * @description deal.found: what a deal must be besides
             * @default {}
             */
            filters?: components["schemas"]["DealFilters"];
            /**
             * Url
             * @description https on port 443 or 8443, reachable from the internet; redirects are not followed
             */
            url: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    compat_fair_price: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PunkBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FairPrice"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compat_fair_price_plus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PunkBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FairPricePlus"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compat_top_realtime: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TopDeals"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    compat_top_realtime_post: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TopDeals"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_problem_type: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/markdown": unknown;
                    "text/plain": string;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_backtest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BacktestDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_backtest_equity: {
        parameters: {
            query?: {
                /** @description Repeat it for several; default: all */
                book?: ("executable" | "seed_style" | "buy_all" | "random_entry" | "floor_index")[] | null;
                /** @description First day */
                start?: string | null;
                /** @description Last day, inclusive */
                end?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EquityDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_backtest_trades: {
        parameters: {
            query?: {
                /** @description floor_index has none */
                book?: "executable" | "seed_style" | "buy_all" | "random_entry" | "floor_index";
                punk_id?: number | null;
                /** @description Only those open at the end, or only those closed */
                open?: boolean | null;
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BacktestTradePage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_deals: {
        parameters: {
            query?: {
                min_probability?: number;
                /** @description Of the later sale; the punks' own market takes none */
                fee_percent?: number;
                /** @description Of both transactions */
                gas_eth?: number;
                type?: string | null;
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DealsDocument"];
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_decisions: {
        parameters: {
            query?: {
                model_id?: string | null;
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DecisionRecord_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_decision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                decision_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_events: {
        parameters: {
            query?: {
                /** @description Repeat it for several; default: all */
                types?: ("generation" | "sale_scored" | "listing" | "promotion" | "rollback")[] | null;
            };
            header?: {
                /** @description Continue after this event; browsers send it */
                "last-event-id"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream that does not end */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_exclusions: {
        parameters: {
            query?: {
                reason?: components["schemas"]["Exclusion"] | null;
                channel?: ("public_ask" | "directed_ask" | "accepted_bid") | null;
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExclusionPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_freezes: {
        parameters: {
            query?: {
                /** @description `true`: only freezes in force; `false`: only other freezes */
                active?: boolean | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["List_Freeze_"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_freeze: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of yours, new for each new request; kept for 30 days. With it, sending twice asks once. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FreezeOrder"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Freeze"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    lift_freeze: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                freeze_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Freeze"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_lifecycle: {
        parameters: {
            query?: {
                /** @description Repeat it for several; default: all */
                kind?: ("training_requested" | "training_succeeded" | "training_failed" | "training_cancelled" | "contender_registered" | "gate_decided" | "shadow_started" | "shadow_ended" | "promoted" | "confirmed" | "rolled_back" | "operator_decided" | "frozen" | "unfrozen" | "alert")[] | null;
                /** @description About this model, or against it */
                model_id?: string | null;
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_LifecycleEvent_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_evalue_paths: {
        parameters: {
            query?: {
                model_id?: string | null;
                kind?: ("promotion" | "shadow") | null;
                /** @description Of each path; it is thinned evenly */
                max_points?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["List_EValuePath_"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_log_checkpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_log_entries: {
        parameters: {
            query?: {
                /** @description Index of the first entry */
                start?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["List_LogLine_"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_signing_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["List_SigningKeyDocument_"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_market: {
        parameters: {
            query?: {
                /** @description The market and the nowcast of that instant */
                as_of?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarketDocument"];
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_market_series: {
        parameters: {
            query?: {
                /** @description First day (UTC) */
                from?: string | null;
                /** @description Last day (UTC), inclusive */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarketSeriesDocument"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_models: {
        parameters: {
            query?: {
                state?: ("registered" | "evaluated" | "rejected" | "shadow" | "champion" | "retired" | "rolled_back" | "quarantined") | null;
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ModelSummary_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_champion_at: {
        parameters: {
            query?: {
                /** @description Default: now */
                at?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChampionAt"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_current_model: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CurrentModel"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model_card: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/markdown": unknown;
                    "text/plain": string;
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model_evidence: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvidenceDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model_lineage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lineage"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    promote_model: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of yours, new for each new request; kept for 30 days. With it, sending twice asks once. */
                "Idempotency-Key"?: string | null;
            };
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PromoteOrder"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    quarantine_model: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of yours, new for each new request; kept for 30 days. With it, sending twice asks once. */
                "Idempotency-Key"?: string | null;
            };
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OperatorOrder"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    roll_back_model: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of yours, new for each new request; kept for 30 days. With it, sending twice asks once. */
                "Idempotency-Key"?: string | null;
            };
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackOrder"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActDocument"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_nowcasts: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_GenerationDocument_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_current_nowcast: {
        parameters: {
            query?: {
                /** @description Instead of the Accept header */
                format?: ("json" | "csv" | "parquet") | null;
                /** @description The generation that readers saw then */
                as_of?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NowcastDocument"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Acceptable */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_nowcast: {
        parameters: {
            query?: {
                /** @description Instead of the Accept header */
                format?: ("json" | "csv" | "parquet") | null;
            };
            header?: never;
            path: {
                /** @description A generation's id */
                generation_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NowcastDocument"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Acceptable */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_proof: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                generation_id: number | "current";
                punk_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProofDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_outcomes: {
        parameters: {
            query?: {
                /** @description Default: all */
                horizon?: ("latest" | "24h" | "7d") | null;
                /** @description Sales from this instant on */
                start?: string | null;
                /** @description Sales before this instant */
                end?: string | null;
                model_id?: string | null;
                /** @description Default: all */
                channel?: ("public_ask" | "directed_ask" | "accepted_bid") | null;
                /** @description false: excluded sales, too, with `valid` false */
                exclusions?: boolean;
                /** @description desc: the newest sales first, in JSON pages */
                order?: "asc" | "desc";
                /** @description Instead of Accept */
                format?: ("json" | "csv" | "parquet") | null;
                /** @description Of a JSON page */
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Outcome_"];
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Acceptable */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_performance: {
        parameters: {
            query?: {
                /** @description Of the breakdowns */
                horizon?: "latest" | "24h" | "7d";
                /** @description Sales from this instant on */
                start?: string | null;
                /** @description Sales before this instant */
                end?: string | null;
                model_id?: string | null;
                /** @description false: excluded sales are scored, too */
                exclusions?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PerformanceDocument"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_punks: {
        parameters: {
            query?: {
                type?: string | null;
                /** @description Repeat it: a punk must have all of them */
                trait?: string[] | null;
                trait_count?: number | null;
                /** @description Only punks with a public ask, or only those without */
                listed?: boolean | null;
                /** @description ETH, inclusive */
                min_price?: number | null;
                /** @description ETH, inclusive */
                max_price?: number | null;
                /** @description ETH, inclusive */
                min_value?: number | null;
                /** @description ETH, inclusive */
                max_value?: number | null;
                /** @description 1 - ask / value, inclusive: 0.1 is ten percent under value */
                min_discount?: number | null;
                /** @description 1 - ask / value, inclusive: 0.1 is ten percent under value */
                max_discount?: number | null;
                /** @description Repeat it: any of them */
                confidence?: ("A" | "B" | "C" | "D")[] | null;
                /** @description `price` and `discount` list punks with an ask only */
                sort?: "value" | "punk_id" | "price" | "discount" | "trait_count";
                order?: "asc" | "desc";
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PunkPage"];
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_punk_columns: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ColumnsDocument"];
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_punk: {
        parameters: {
            query?: {
                /** @description Show the punk at this instant: the last value published before it, and the asks and owner then */
                as_of?: string | null;
            };
            header?: never;
            path: {
                punk_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PunkDocument"];
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_punk_history: {
        parameters: {
            query?: {
                /** @description From this instant on */
                from?: string | null;
                /** @description Before this instant */
                to?: string | null;
                /** @description At most about so many values: the last of each of equal steps */
                points?: number | null;
            };
            header?: never;
            path: {
                punk_id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryDocument"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_shadows: {
        parameters: {
            query?: {
                /** @description Also list ended shadows */
                ended?: boolean;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["List_ShadowDocument_"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusDocument"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_training_requests: {
        parameters: {
            query?: {
                status?: ("queued" | "running" | "succeeded" | "failed" | "cancelled" | "merged") | null;
                /** @description Exactly this */
                reason?: string | null;
                /** @description Exactly this, as in an answer */
                requested_by?: string | null;
                limit?: number;
                /** @description `next_cursor` of the page before, same filters */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TrainingRequest_"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_training_request: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of yours, new for each new request; kept for 30 days. With it, sending twice asks once. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrainingOrder"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingRequest"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_training_request: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingRequest"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_training_request: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingRequest"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_traits: {
        parameters: {
            query?: {
                kind?: ("type" | "skin" | "count" | "accessory") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraitsDocument"];
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_trait: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An id like `accessory:Hoodie`, or a name, whatever its case */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraitDocument"];
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_webhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookList"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_webhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Any text of yours, new for each new request; kept for 30 days. With it, sending twice asks once. */
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookOrder"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedWebhook"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    enable_webhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDocument"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Request Entity Too Large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    /** @description Seconds */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
