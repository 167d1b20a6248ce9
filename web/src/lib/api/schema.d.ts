// Made from docs/openapi.json by `npm run types`; not edited by hand.
export interface paths {
    "/v1/punks/{punk_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A punk's fair value, interval and place in the market */
        get: operations["get_punk"];
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
        /** Punks by type, traits and value */
        get: operations["list_punks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/nowcast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All values of the current generation */
        get: operations["get_nowcast"];
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
        /** Floor, asks, volumes and ETH/USD as of the last event */
        get: operations["get_market"];
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
        /** Forward scorecard beside the floor baseline */
        get: operations["get_performance"];
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
         * @description Excluded sales, newest first; of one reason when given.
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
    "/v1/models/champion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Champion At
         * @description Who was champion at an instant.
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
    "/v1/models/{model_id}/card": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Model Card
         * @description The model card in Markdown, made from lineage and evidence.
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
    "/v1/models/{model_id}/lineage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Model Lineage
         * @description Where a model comes from and what became of it.
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
    "/v1/models/{model_id}/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Model Evidence
         * @description What was decided about a model, and by which checks.
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
    "/v1/shadows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Shadows
         * @description Shadows and how far their tests are, newest first.
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
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Models
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
    "/v1/models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Model
         * @description A model's card.
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
    "/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Decisions
         * @description Decisions with their checks, newest first; of one subject model when given.
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
    "/v1/training-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Requests
         * @description Requests that reached the trainer's queue, newest first.
         */
        get: operations["list_training_requests"];
        put?: never;
        /** Ask for a contender to be trained */
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
         * @description Where a request stands.
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
    "/v1/punks/columns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** all 10,000 punks in columns */
        get: operations["get_v1_punks_columns"];
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
        /** query: from, to (instants), points=2..2000 */
        get: operations["get_v1_punks_punk_id_history"];
        put?: never;
        post?: never;
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
        /** query: limit<=200, cursor */
        get: operations["get_v1_nowcasts"];
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
        /** query: as_of, format=json|ndjson|csv|parquet|arrow or Accept */
        get: operations["get_v1_nowcasts_current"];
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
        /** as current */
        get: operations["get_v1_nowcasts_generation_id_"];
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
        /** generation_id may be `current` */
        get: operations["get_v1_nowcasts_generation_id_proof_punk_id_"];
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
        /** query: from, to (dates) */
        get: operations["get_v1_market_series"];
        put?: never;
        post?: never;
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
        /** query: kind=type|skin|accessory|count */
        get: operations["get_v1_traits"];
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
        /** name: id (accessory:Hoodie) or plain name, any case */
        get: operations["get_v1_traits_name_"];
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
        /** query: min_probability (0..1, default 0.5), fee_percent (0), gas_eth, type, limit<=200, cursor */
        get: operations["get_v1_deals"];
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
        /** no query. 404 problem until one was computed */
        get: operations["get_v1_backtest"];
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
        /** book=executable|seed_style|buy_all|random_entry (default executable), punk_id?, open? (bool), limit<=200, cursor */
        get: operations["get_v1_backtest_trades"];
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
        /** book=… (repeat; default: all) */
        get: operations["get_v1_backtest_equity"];
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
        /** horizon?, start?, end?, model_id?, exclusions=true|false, limit<=1000, cursor; Accept (or format=) json | application/x-ndjson | text/csv | application/vnd.apache.parquet: the others are streamed whole */
        get: operations["get_v1_outcomes"];
        put?: never;
        post?: never;
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
        /** kind (repeat), model_id, limit, cursor; newest first */
        get: operations["get_v1_lifecycle"];
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
        /** model_id?, kind?, max_points<=2000 (default 500), limit (default 10) */
        get: operations["get_v1_lifecycle_evalue"];
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
        /** active=true|false; POST /v1/freezes (FreezeOrder) 201, POST /v1/freezes/{freeze_id}/lift (body {reason}) */
        get: operations["get_v1_freezes"];
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
        /** scope webhooks; POST (WebhookOrder) 201 CreatedWebhook; GET/DELETE /v1/webhooks/{webhook_id}; POST …/enable */
        get: operations["get_v1_webhooks"];
        put?: never;
        post?: never;
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
         * AcceptedRequest
         * @description The request has been published; follow it at Location.
         */
        AcceptedRequest: {
            /**
             * Request Id
             * Format: uuid
             */
            request_id: string;
            /**
             * Status
             * @default accepted
             * @constant
             */
            status?: "accepted";
            /** Reason */
            reason: string;
            /** Requested By */
            requested_by: string;
            /** Data Cutoff */
            data_cutoff: string | null;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
        };
        /**
         * Ask
         * @description A public listing. Values never read the punk's own ask.
         */
        Ask: {
            price: components["schemas"]["Money"];
            /** Seller */
            seller: string | null;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /** Block */
            block: number;
        };
        /**
         * Card
         * @description Errors relative to the sale price, as fractions (0.05 is five percent); null where too little was scored.
         */
        Card: {
            /** N */
            n: number;
            /**
             * Median Ape
             * @description Median of |value - price| / price
             */
            median_ape: number | null;
            /**
             * Mape
             * @description Mean of the same
             */
            mape: number | null;
            /**
             * Bias
             * @description Mean of (value - price) / price; above zero: too high
             */
            bias: number | null;
            /** Median Bias */
            median_bias: number | null;
            /**
             * Within 5
             * @description Share of sales with an error of at most 5 %
             */
            within_5: number | null;
            /** Within 10 */
            within_10: number | null;
            /**
             * Cod
             * @description Coefficient of dispersion, percent (IAAO)
             */
            cod: number | null;
            /**
             * Prd
             * @description Price-related differential (IAAO)
             */
            prd: number | null;
            /**
             * Prb
             * @description Price-related bias (IAAO)
             */
            prb: number | null;
        };
        /**
         * ChampionAt
         * @description Who was champion at an instant, and by which decision.
         */
        ChampionAt: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Model Id */
            model_id: string;
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /**
             * Pointer Generation
             * @description Generation of the model pointer
             */
            pointer_generation: number;
            /** Previous Model Id */
            previous_model_id: string | null;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
        };
        /**
         * Check
         * @description One check of a gate: missing evidence is never a pass.
         */
        Check: {
            /** Check Name */
            check_name: string;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "pass" | "fail" | "inconclusive" | "error";
            /** Estimate */
            estimate: number | null;
            /** Interval Lo */
            interval_lo: number | null;
            /** Interval Hi */
            interval_hi: number | null;
            /** N */
            n: number | null;
            /** Threshold */
            threshold: number | null;
            /** Detail */
            detail: string;
        };
        /**
         * Comparison
         * @description The champion's values, and the baselines where they say anything of the same sales.
         */
        Comparison: {
            champion: components["schemas"]["ValueCard"];
            /** @description Baseline: the floor of the same generation */
            floor: components["schemas"]["Card"];
            /** @description Baseline: the punk's last valid sale known then, carried by the floor; fewer sales */
            last_sale: components["schemas"]["Card"];
            /** @description The champion on the sales of `last_sale` */
            champion_beside_last_sale: components["schemas"]["Card"];
        };
        /**
         * CurrentModel
         * @description The champion, and where the pointer stands.
         */
        CurrentModel: {
            /** Pointer Generation */
            pointer_generation: number;
            /** Previous Model Id */
            previous_model_id: string | null;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /**
             * Moved At
             * Format: date-time
             */
            moved_at: string;
            model: components["schemas"]["ModelDocument"];
        };
        /**
         * Decision
         * @description What was decided, by which policy, on what evidence.
         */
        Decision: {
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /** Kind */
            kind: string;
            /** Subject Model */
            subject_model: string;
            /** Champion Model */
            champion_model: string | null;
            /** Verdict */
            verdict: string;
            /** Action */
            action: string;
            /** Policy Hash */
            policy_hash: string;
            /** Evidence Hash */
            evidence_hash: string;
            /** Actor */
            actor: string;
            /** Reason */
            reason: string;
            /** Expected Generation */
            expected_generation: number;
            /**
             * Decided At
             * Format: date-time
             */
            decided_at: string;
            /**
             * Owner
             * @description Who may close what this leaves open; null: it leaves nothing open
             */
            owner: string | null;
            /**
             * Expires At
             * @description When that closes by itself
             */
            expires_at: string | null;
            /** Checks */
            checks: components["schemas"]["Check"][];
        };
        /** DecisionDocument */
        DecisionDocument: {
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /** Kind */
            kind: string;
            /** Subject Model */
            subject_model: string;
            /** Champion Model */
            champion_model: string | null;
            /** Verdict */
            verdict: string;
            /** Action */
            action: string;
            /** Policy Hash */
            policy_hash: string;
            /** Evidence Hash */
            evidence_hash: string;
            /** Actor */
            actor: string;
            /** Reason */
            reason: string;
            /** Expected Generation */
            expected_generation: number;
            /**
             * Decided At
             * Format: date-time
             */
            decided_at: string;
            /**
             * Owner
             * @description Who may close what this leaves open; null: it leaves nothing open
             */
            owner: string | null;
            /**
             * Expires At
             * @description When that closes by itself
             */
            expires_at: string | null;
            /** Checks */
            checks: components["schemas"]["Check"][];
            /**
             * Evidence
             * @description The canonical JSON that evidence_hash is over, parsed
             */
            evidence: unknown;
            /**
             * Evidence Text
             * @description Its exact bytes
             */
            evidence_text: string;
        };
        /** DecisionPage */
        DecisionPage: {
            /** Items */
            items: components["schemas"]["Decision"][];
            /** Next Cursor */
            next_cursor: string | null;
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
         * @description Everything that was decided about a model, oldest first, with its checks.
         */
        EvidenceDocument: {
            /** Model Id */
            model_id: string;
            /** Decisions */
            decisions: components["schemas"]["Decision"][];
        };
        /**
         * ExcludedSale
         * @description A sale that is left out, as it was judged from what was known when it happened.
         */
        ExcludedSale: {
            /** Punk Id */
            punk_id: number;
            /**
             * Sold At
             * Format: date-time
             */
            sold_at: string;
            /** Block */
            block: number;
            /** Log Index */
            log_index: number;
            /** Tx Hash */
            tx_hash: string;
            /**
             * Kind
             * @description buy or accept_bid
             */
            kind: string;
            price: components["schemas"]["Money"];
            /** @description Lowest public ask of any other punk just before */
            floor: components["schemas"]["Money"] | null;
            /** Seller */
            seller: string | null;
            /** Buyer */
            buyer: string | null;
            /**
             * Reason
             * @example custody_move
             */
            reason: string;
            /** Explanation */
            explanation: string;
        };
        /**
         * Exclusion
         * @description Why a sale does not count.
         * @enum {string}
         */
        Exclusion: "custody_move" | "dust" | "self_sale" | "flash_loan" | "round_trip" | "duplicate" | "far_below_floor" | "far_below_previous_day_floor";
        /** ExclusionPage */
        ExclusionPage: {
            /** Items */
            items: components["schemas"]["ExcludedSale"][];
            /**
             * Counts
             * @description Of all excluded sales, whatever is filtered; most first
             */
            counts: components["schemas"]["ReasonCount"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /** FloorDocument */
        FloorDocument: {
            price: components["schemas"]["Money"];
            /** Punk Id */
            punk_id: number;
        };
        /**
         * GenerationDocument
         * @description Which nowcast: 10,000 values made from one snapshot by one model.
         */
        GenerationDocument: {
            /** Generation Id */
            generation_id: number;
            /** Model Id */
            model_id: string;
            /** Snapshot Id */
            snapshot_id: string;
            /**
             * As Of
             * Format: date-time
             * @description Values know only what happened before this instant, UTC
             */
            as_of: string;
            /** As Of Block */
            as_of_block: number;
            /**
             * Published At
             * Format: date-time
             */
            published_at: string;
            floor: components["schemas"]["Money"];
            /** Values Sha256 */
            values_sha256: string;
            /** Merkle Root */
            merkle_root: string;
        };
        /** Group */
        Group: {
            champion: components["schemas"]["ValueCard"];
            /** @description Baseline: the floor of the same generation */
            floor: components["schemas"]["Card"];
            /** @description Baseline: the punk's last valid sale known then, carried by the floor; fewer sales */
            last_sale: components["schemas"]["Card"];
            /** @description The champion on the sales of `last_sale` */
            champion_beside_last_sale: components["schemas"]["Card"];
            /**
             * Name
             * @example premium
             * @example 2025-03
             */
            name: string;
        };
        /** Interval */
        Interval: {
            lo: components["schemas"]["Money"];
            hi: components["schemas"]["Money"];
        };
        /** LastSale */
        LastSale: {
            price: components["schemas"]["Money"];
            /**
             * Time
             * Format: date-time
             */
            time: string;
            /** Kind */
            kind: ("buy" | "accept_bid") | null;
            /**
             * Valid
             * @description Counts for training and scoring
             */
            valid: boolean | null;
            /** Seller */
            seller: string | null;
            /** Buyer */
            buyer: string | null;
            /** Tx Hash */
            tx_hash: string | null;
        };
        /** LifecycleStatus */
        LifecycleStatus: {
            /** Champion */
            champion: string | null;
            /**
             * Promotion
             * @description warm_up or watching while a promotion is open
             */
            promotion: string | null;
            /** Shadows */
            shadows: number;
            /** Freezes */
            freezes: number;
        };
        /**
         * LineageDocument
         * @description A model's origin and its descendants. `line` goes from the model back to the first of its ancestors.
         */
        LineageDocument: {
            /** Model Id */
            model_id: string;
            request: components["schemas"]["TrainedFor"] | null;
            /** Line */
            line: components["schemas"]["Relative"][];
            /** Children */
            children: components["schemas"]["Relative"][];
            /** Reigns */
            reigns: components["schemas"]["Reign"][];
            live: components["schemas"]["Live"];
        };
        /**
         * Live
         * @description How its values did on later sales, as champion or beside it; losses are mean absolute log errors.
         */
        Live: {
            /** N */
            n: number;
            /** Median Ape */
            median_ape: number | null;
            /** Mean Loss */
            mean_loss: number | null;
            /**
             * Floor Loss
             * @description Of the floor on the same sales
             */
            floor_loss: number | null;
            /** Coverage80 */
            coverage80: number | null;
            /** Coverage90 */
            coverage90: number | null;
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
         * MarketDocument
         * @description The market as of its last event, beside the nowcast it is shown with.
         */
        MarketDocument: {
            /**
             * Age Seconds
             * @description Seconds since the generation's `as_of`
             */
            age_seconds: number;
            /**
             * Degraded
             * @description Empty when all is well; the header Punkcast-Degraded says the same
             */
            degraded: ("database_away" | "nowcast_stale" | "generation_refused")[];
            generation: components["schemas"]["GenerationDocument"];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            floor: components["schemas"]["FloorDocument"] | null;
            /**
             * Asks
             * @description Public asks
             */
            asks: number;
            /** Depth */
            depth: components["schemas"]["DepthStep"][];
            bids: components["schemas"]["BidsDocument"];
            /** Volumes */
            volumes: components["schemas"]["VolumeDocument"][];
            eth_usd: components["schemas"]["EthUsd"] | null;
        };
        /** MarketStatus */
        MarketStatus: {
            /** Last Event Seq */
            last_event_seq: number;
            /** Last Block */
            last_block: number;
            /**
             * Last Event Time
             * Format: date-time
             */
            last_event_time: string;
            /** Age Seconds */
            age_seconds: number;
        };
        /**
         * ModelDocument
         * @description Lineage of a model: the artifact by content, code, environment, data and reports.
         */
        ModelDocument: {
            /** Model Id */
            model_id: string;
            /**
             * State
             * @enum {string}
             */
            state: "registered" | "evaluated" | "rejected" | "shadow" | "champion" | "retired" | "rolled_back" | "quarantined";
            /**
             * Data Cutoff
             * Format: date-time
             * @description Trained on sales before this instant
             */
            data_cutoff: string;
            /** Training Rows */
            training_rows: number;
            /** Feature Schema */
            feature_schema: string;
            /** Parent Model */
            parent_model: string | null;
            /**
             * Training Request
             * Format: uuid
             */
            training_request: string;
            /**
             * Registered At
             * Format: date-time
             */
            registered_at: string;
            /** Artifact Key */
            artifact_key: string;
            /** Artifact Sha256 */
            artifact_sha256: string;
            /** Artifact Bytes */
            artifact_bytes: number;
            /** Artifact Format */
            artifact_format: string;
            /** Xgboost Version */
            xgboost_version: string;
            /** Git Sha */
            git_sha: string;
            /** Git Dirty */
            git_dirty: boolean;
            /** Environment Hash */
            environment_hash: string;
            /** Training Snapshot */
            training_snapshot: string;
            /** Evaluation Snapshot */
            evaluation_snapshot: string;
            /** Params */
            params: unknown;
            /** Seed */
            seed: number;
            /** Report */
            report: unknown;
            /** Reigns */
            reigns: components["schemas"]["Reign"][];
        };
        /** ModelPage */
        ModelPage: {
            /** Items */
            items: components["schemas"]["ModelSummary"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * ModelSummary
         * @description A model in the registry.
         */
        ModelSummary: {
            /** Model Id */
            model_id: string;
            /**
             * State
             * @enum {string}
             */
            state: "registered" | "evaluated" | "rejected" | "shadow" | "champion" | "retired" | "rolled_back" | "quarantined";
            /**
             * Data Cutoff
             * Format: date-time
             * @description Trained on sales before this instant
             */
            data_cutoff: string;
            /** Training Rows */
            training_rows: number;
            /** Feature Schema */
            feature_schema: string;
            /** Parent Model */
            parent_model: string | null;
            /**
             * Training Request
             * Format: uuid
             */
            training_request: string;
            /**
             * Registered At
             * Format: date-time
             */
            registered_at: string;
        };
        /**
         * Money
         * @description An amount of ether.
         */
        Money: {
            /**
             * Wei
             * @description Exact
             * @example 45000000000000000000
             */
            wei: string;
            /**
             * Eth
             * @description The same in ETH, rounded to a double
             * @example 45
             */
            eth: number;
        };
        /**
         * NowcastDocument
         * @description A whole generation, by punk.
         */
        NowcastDocument: {
            /**
             * Age Seconds
             * @description Seconds since the generation's `as_of`
             */
            age_seconds: number;
            /**
             * Degraded
             * @description Empty when all is well; the header Punkcast-Degraded says the same
             */
            degraded: ("database_away" | "nowcast_stale" | "generation_refused")[];
            generation: components["schemas"]["GenerationDocument"];
            /** Count */
            count: number;
            /** Punks */
            punks: components["schemas"]["NowcastEntry"][];
        };
        /** NowcastEntry */
        NowcastEntry: {
            value: components["schemas"]["Money"];
            /** Intervals */
            intervals: {
                [key: string]: components["schemas"]["Interval"];
            };
            /**
             * Confidence
             * @description A is best
             * @enum {string}
             */
            confidence: "A" | "B" | "C" | "D";
            /** Punk Id */
            punk_id: number;
        };
        /** NowcastStatus */
        NowcastStatus: {
            /** Generation Id */
            generation_id: number;
            /** Model Id */
            model_id: string;
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Age Seconds */
            age_seconds: number;
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
        /** PerformanceDocument */
        PerformanceDocument: {
            /**
             * Computed At
             * Format: date-time
             */
            computed_at: string;
            /**
             * Horizon
             * @description Horizon of the breakdowns below
             * @enum {string}
             */
            horizon: "latest" | "24h" | "7d";
            /**
             * Exclusions
             * @description False: excluded sales were scored, too
             */
            exclusions: boolean;
            /**
             * Excluded Sales
             * @description Sales of the horizon's period that are left out (or were added)
             */
            excluded_sales: number;
            /** By Horizon */
            by_horizon: {
                [key: string]: components["schemas"]["Comparison"];
            };
            /**
             * By Segment
             * @description By predicted premium, value over floor at publication: floor_tier below 1.08, mid below 1.3, premium below 2.5, rare above
             */
            by_segment: components["schemas"]["Group"][];
            /** By Month */
            by_month: components["schemas"]["Group"][];
            /** By Kind */
            by_kind: components["schemas"]["Group"][];
            /** By Type */
            by_type: components["schemas"]["Group"][];
            /** By Model */
            by_model: components["schemas"]["Group"][];
            /** Calibration */
            calibration: components["schemas"]["Calibration"][];
            /** Degraded */
            degraded: "database_away"[];
        };
        /**
         * PunkDocument
         * @description A punk's value, what it is made of, and where the punk stands in the market.
         */
        PunkDocument: {
            /**
             * Age Seconds
             * @description Seconds since the generation's `as_of`
             */
            age_seconds: number;
            /**
             * Degraded
             * @description Empty when all is well; the header Punkcast-Degraded says the same
             */
            degraded: ("database_away" | "nowcast_stale" | "generation_refused")[];
            value: components["schemas"]["Money"];
            /** Intervals */
            intervals: {
                [key: string]: components["schemas"]["Interval"];
            };
            /**
             * Confidence
             * @description A is best
             * @enum {string}
             */
            confidence: "A" | "B" | "C" | "D";
            /** Punk Id */
            punk_id: number;
            /** Type */
            type: string | null;
            /** Skin */
            skin: string | null;
            /** Traits */
            traits: string[];
            /** Trait Count */
            trait_count: number;
            ask: components["schemas"]["Ask"] | null;
            bid: components["schemas"]["Bid"] | null;
            last_sale: components["schemas"]["LastSale"] | null;
            /** Owner */
            owner: string | null;
            /** Owner Since */
            owner_since: string | null;
            /**
             * Discount
             * @description 1 - ask / value; null without an ask
             */
            discount: number | null;
            generation: components["schemas"]["GenerationDocument"];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            contributions: components["schemas"]["Contributions"] | null;
            /**
             * Comparables
             * @description Most alike first
             */
            comparables: components["schemas"]["ComparableSale"][] | null;
            /** @description Since the nowcast before; null when there is none */
            changes: components["schemas"]["Changes"] | null;
            /**
             * Unexplained
             * @description Why contributions and comparables are null: they follow a publication after a while
             * @example The reasons of this generation are being worked out; ask again in a minute.
             */
            unexplained: string | null;
        };
        /**
         * PunkEntry
         * @description A punk, its value, and where it stands in the market.
         */
        PunkEntry: {
            value: components["schemas"]["Money"];
            /** Intervals */
            intervals: {
                [key: string]: components["schemas"]["Interval"];
            };
            /**
             * Confidence
             * @description A is best
             * @enum {string}
             */
            confidence: "A" | "B" | "C" | "D";
            /** Punk Id */
            punk_id: number;
            /** Type */
            type: string | null;
            /** Skin */
            skin: string | null;
            /** Traits */
            traits: string[];
            /** Trait Count */
            trait_count: number;
            ask: components["schemas"]["Ask"] | null;
            bid: components["schemas"]["Bid"] | null;
            last_sale: components["schemas"]["LastSale"] | null;
            /** Owner */
            owner: string | null;
            /** Owner Since */
            owner_since: string | null;
            /**
             * Discount
             * @description 1 - ask / value; null without an ask
             */
            discount: number | null;
        };
        /**
         * PunkPage
         * @description Up to `limit` punks; go on with `next_cursor` until it is null. All pages show the same generation.
         */
        PunkPage: {
            /**
             * Age Seconds
             * @description Seconds since the generation's `as_of`
             */
            age_seconds: number;
            /**
             * Degraded
             * @description Empty when all is well; the header Punkcast-Degraded says the same
             */
            degraded: ("database_away" | "nowcast_stale" | "generation_refused")[];
            generation: components["schemas"]["GenerationDocument"];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /** Items */
            items: components["schemas"]["PunkEntry"][];
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
            /** Reason */
            reason: string;
            /** Explanation */
            explanation: string;
            /** Sales */
            sales: number;
        };
        /**
         * Reign
         * @description A move of the model pointer to this model.
         */
        Reign: {
            /**
             * Generation
             * @description Of the model pointer
             */
            generation: number;
            /** Previous Model Id */
            previous_model_id: string | null;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /**
             * Moved At
             * Format: date-time
             */
            moved_at: string;
        };
        /**
         * Relative
         * @description A model in the line of another one.
         */
        Relative: {
            /** Model Id */
            model_id: string;
            /**
             * State
             * @enum {string}
             */
            state: "registered" | "evaluated" | "rejected" | "shadow" | "champion" | "retired" | "rolled_back" | "quarantined";
            /**
             * Data Cutoff
             * Format: date-time
             */
            data_cutoff: string;
            /**
             * Registered At
             * Format: date-time
             */
            registered_at: string;
            /** Training Snapshot */
            training_snapshot: string;
            /** Artifact Sha256 */
            artifact_sha256: string;
            /** Git Sha */
            git_sha: string;
        };
        /**
         * ShadowDocument
         * @description A contender that values every punk beside the champion, and how far its test against it is.
         */
        ShadowDocument: {
            /** Model Id */
            model_id: string;
            /** Champion Id */
            champion_id: string;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /**
             * First Started At
             * Format: date-time
             */
            first_started_at: string;
            /**
             * Started At
             * Format: date-time
             * @description Of the test against this champion
             */
            started_at: string;
            /** Ended At */
            ended_at: string | null;
            /** Outcome */
            outcome: string | null;
            /** Expires At */
            expires_at: string | null;
            /** Age Days */
            age_days: number;
            /**
             * Sales
             * @description Transactions that the test has counted
             */
            sales: number;
            /**
             * E Not Worse
             * @description Evidence that it is not worse than the champion by the margin
             */
            e_not_worse: number;
            /** E Worse */
            e_worse: number;
        };
        /** ShadowList */
        ShadowList: {
            /** Items */
            items: components["schemas"]["ShadowDocument"][];
        };
        /**
         * StatusDocument
         * @description Null where the database would have to answer and does not.
         */
        StatusDocument: {
            /**
             * Now
             * Format: date-time
             */
            now: string;
            /**
             * Degraded
             * @description Empty when all is well
             */
            degraded: ("no_generation" | "database_away" | "nowcast_stale" | "generation_refused" | "frozen")[];
            nowcast: components["schemas"]["NowcastStatus"] | null;
            market: components["schemas"]["MarketStatus"] | null;
            outbox: components["schemas"]["OutboxStatus"] | null;
            training: components["schemas"]["QueueStatus"] | null;
            lifecycle: components["schemas"]["LifecycleStatus"] | null;
            /** Last Scored At */
            last_scored_at: string | null;
        };
        /**
         * TrainedFor
         * @description The request that the training answered.
         */
        TrainedFor: {
            /** Reason */
            reason: string;
            /** Requested By */
            requested_by: string;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
        };
        /**
         * TrainingOrder
         * @description What to train.
         */
        TrainingOrder: {
            /**
             * Reason
             * @description Why; one request per reason is open at a time
             */
            reason: string;
            /**
             * Data Cutoff
             * @description Train on sales before this instant; default: by policy
             */
            data_cutoff?: string | null;
        };
        /**
         * TrainingRequestDocument
         * @description accepted (published) -> queued -> running -> succeeded, failed or cancelled; merged when an open
         *     request with the same reason stands for it.
         */
        TrainingRequestDocument: {
            /**
             * Request Id
             * Format: uuid
             */
            request_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "accepted" | "merged" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
            /** Reason */
            reason: string;
            /** Requested By */
            requested_by: string;
            /** Data Cutoff */
            data_cutoff: string | null;
            /**
             * Requested At
             * Format: date-time
             */
            requested_at: string;
            /** Started At */
            started_at?: string | null;
            /** Finished At */
            finished_at?: string | null;
            /**
             * Attempts
             * @default 0
             */
            attempts?: number;
            /** Model Id */
            model_id?: string | null;
            /** Error */
            error?: string | null;
        };
        /** TrainingRequestPage */
        TrainingRequestPage: {
            /** Items */
            items: components["schemas"]["TrainingRequestDocument"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * ValueCard
         * @description With the share of sale prices inside the published intervals.
         */
        ValueCard: {
            /** N */
            n: number;
            /**
             * Median Ape
             * @description Median of |value - price| / price
             */
            median_ape: number | null;
            /**
             * Mape
             * @description Mean of the same
             */
            mape: number | null;
            /**
             * Bias
             * @description Mean of (value - price) / price; above zero: too high
             */
            bias: number | null;
            /** Median Bias */
            median_bias: number | null;
            /**
             * Within 5
             * @description Share of sales with an error of at most 5 %
             */
            within_5: number | null;
            /** Within 10 */
            within_10: number | null;
            /**
             * Cod
             * @description Coefficient of dispersion, percent (IAAO)
             */
            cod: number | null;
            /**
             * Prd
             * @description Price-related differential (IAAO)
             */
            prd: number | null;
            /**
             * Prb
             * @description Price-related bias (IAAO)
             */
            prb: number | null;
            /** Coverage 50 */
            coverage_50: number | null;
            /** Coverage 80 */
            coverage_80: number | null;
            /** Coverage 90 */
            coverage_90: number | null;
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
         * Problem
         * @description RFC 9457 problem details, with the next step as an extension member.
         */
        Problem: {
            /**
             * Type
             * @example https://punkcast.dev/problems/not-found
             */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
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
            /**
             * Errors
             * @default null
             */
            errors?: components["schemas"]["Place"][] | null;
        };
        /**
         * Bid
         * @description The standing bid on a punk.
         */
        Bid: {
            price: components["schemas"]["Money"];
            /** Bidder */
            bidder: string | null;
            /**
             * Since
             * Format: date-time
             */
            since: string;
        };
        /**
         * ColumnsDocument
         * @description Everything a page needs to show, filter and sort all punks by itself. About 200 kB compressed.
         */
        ColumnsDocument: {
            /**
             * Age Seconds
             * @description Seconds since the generation's `as_of`
             */
            age_seconds: number;
            /**
             * Degraded
             * @description Empty when all is well; the header Punkcast-Degraded says the same
             */
            degraded: ("database_away" | "nowcast_stale" | "generation_refused")[];
            generation: components["schemas"]["GenerationDocument"];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /** Count */
            count: number;
            /** Types */
            types: string[];
            /** Skins */
            skins: string[];
            /**
             * Traits
             * @description Accessories
             */
            traits: string[];
            columns: components["schemas"]["Columns"];
        };
        /**
         * Columns
         * @description One entry for each punk, in the order of `punk_id`. Amounts in ETH, to six significant digits.
         */
        Columns: {
            /** Punk Id */
            punk_id: number[];
            /**
             * Type
             * @description Place in `types`
             */
            type: (number | null)[];
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
            /** Value Eth */
            value_eth: number[];
            /** Lo80 Eth */
            lo80_eth: number[];
            /** Hi80 Eth */
            hi80_eth: number[];
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
            /** Last Sale Eth */
            last_sale_eth: (number | null)[];
            /**
             * Confidence
             * @description One letter a punk
             * @example AABD
             */
            confidence: string;
        };
        /**
         * Changes
         * @description What moved the value since the nowcast before; the parts' ETH add up to after - before.
         */
        Changes: {
            since: components["schemas"]["Since"];
            before: components["schemas"]["Money"];
            after: components["schemas"]["Money"];
            /**
             * Parts
             * @description Null when the nowcast before was of another model: two models' reasons do not subtract
             */
            parts: components["schemas"]["ContributionPart"][] | null;
        };
        /**
         * ComparableSale
         * @description The last valid sale of a punk like this one. Amounts in ETH.
         */
        ComparableSale: {
            /** Punk Id */
            punk_id: number;
            /** Type */
            type: string | null;
            /**
             * Time
             * Format: date-time
             */
            time: string;
            /** Price Eth */
            price_eth: number;
            /**
             * Floor Eth
             * @description The floor when it was sold
             */
            floor_eth: number;
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
             * Similarity
             * @description 1: the same traits, sold just now
             */
            similarity: number;
            /**
             * Shared
             * @description Traits of both
             */
            shared: string[];
            /**
             * Lacks
             * @description Traits of this punk that the sold one has not
             */
            lacks: string[];
            /**
             * Adds
             * @description Traits that only the sold one has
             */
            adds: string[];
        };
        /**
         * ContributionGroup
         * @description The parts of one group together.
         */
        ContributionGroup: {
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
            /** Eth */
            eth: number;
        };
        /**
         * ContributionPart
         * @description One reason and the ETH it adds.
         */
        ContributionPart: {
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
            /** Eth */
            eth: number;
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
            /** Value Eth */
            value_eth: number;
            /** Groups */
            groups: components["schemas"]["ContributionGroup"][];
            /** Parts */
            parts: components["schemas"]["ContributionPart"][];
        };
        /**
         * Since
         * @description The nowcast that the changes are against.
         */
        Since: {
            /** Generation Id */
            generation_id: number;
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Model Id */
            model_id: string;
        };
        /**
         * HistoryDocument
         * @description Oldest first. Every list is complete unless `truncated` names it: then only the newest are shown.
         */
        HistoryDocument: {
            /** Punk Id */
            punk_id: number;
            /**
             * Start
             * @description `from` of the request
             */
            start: string | null;
            /**
             * End
             * @description `to` of the request
             */
            end: string | null;
            /** Values */
            values: components["schemas"]["ValuePoint"][];
            /**
             * Step Seconds
             * @description The values are the last of each step of so many seconds; null: all of them
             */
            step_seconds: number | null;
            /** Sales */
            sales: components["schemas"]["PastSale"][];
            /**
             * Asks
             * @description Public asks
             */
            asks: components["schemas"]["Standing"][];
            /** Bids */
            bids: components["schemas"]["Standing"][];
            /** Truncated */
            truncated: ("sales" | "asks" | "bids")[];
            /** Degraded */
            degraded: string[];
        };
        /** PastSale */
        PastSale: {
            /**
             * Time
             * Format: date-time
             */
            time: string;
            price: components["schemas"]["Money"];
            /** @description Lowest public ask of any other punk just before */
            floor: components["schemas"]["Money"] | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "buy" | "accept_bid";
            /** Seller */
            seller: string | null;
            /** Buyer */
            buyer: string | null;
            /**
             * Valid
             * @description Counts for training and scoring
             */
            valid: boolean;
            /**
             * Exclusion
             * @description Why it does not count
             */
            exclusion: string | null;
            /** Tx Hash */
            tx_hash: string;
        };
        /**
         * Standing
         * @description An ask or a bid, from when it was placed to when it ended.
         */
        Standing: {
            price: components["schemas"]["Money"];
            /**
             * By
             * @description Address of the seller, or of the bidder
             */
            by: string | null;
            /**
             * Start
             * Format: date-time
             */
            start: string;
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
        };
        /**
         * ValuePoint
         * @description What one published nowcast said. Amounts in ETH.
         */
        ValuePoint: {
            /** Generation Id */
            generation_id: number;
            /** Model Id */
            model_id: string;
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Value Eth */
            value_eth: number;
            /** Lo80 Eth */
            lo80_eth: number;
            /** Hi80 Eth */
            hi80_eth: number;
        };
        /**
         * GenerationPage
         * @description Published generations, newest first.
         */
        GenerationPage: {
            /** Items */
            items: components["schemas"]["GenerationDocument"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * ProofDocument
         * @description That a value was part of a generation whose root was published with it. See docs/proofs.md.
         */
        ProofDocument: {
            generation: components["schemas"]["GenerationDocument"];
            /** Punk Id */
            punk_id: number;
            /**
             * Line
             * @description punk_id,value_wei,lo50_wei,hi50_wei,lo80_wei,hi80_wei,lo90_wei,hi90_wei,confidence
             * @example 7804,4000000000000000000000,1,2,1,2,1,2,D
             */
            line: string;
            /**
             * Leaf
             * @description SHA-256 of a zero byte and the line
             */
            leaf: string;
            /** Leaf Index */
            leaf_index: number;
            /** Leaf Count */
            leaf_count: number;
            /**
             * Path
             * @description From the leaf upwards
             */
            path: components["schemas"]["ProofStep"][];
            /**
             * Root
             * @description What the path leads to; equals the generation's `merkle_root`
             */
            root: string;
            /**
             * Algorithm
             * @constant
             */
            algorithm: "rfc6962-sha256";
        };
        /**
         * ProofStep
         * @description A neighbour on the way from the leaf to the root.
         */
        ProofStep: {
            /**
             * Side
             * @description Where the neighbour stands
             * @enum {string}
             */
            side: "left" | "right";
            /** Hash */
            hash: string;
        };
        /** BidsDocument */
        BidsDocument: {
            /**
             * Standing
             * @description Bids that nothing has ended
             */
            standing: number;
            /** @description All of them together */
            amount: components["schemas"]["Money"];
            /**
             * Highest
             * @description The ten highest
             */
            highest: components["schemas"]["HighBid"][];
        };
        /**
         * DepthStep
         * @description All public asks up to a price, counted from the floor upwards.
         */
        DepthStep: {
            /** Above Floor Percent */
            above_floor_percent: number;
            /** @description The floor, and so many percent */
            price: components["schemas"]["Money"];
            /**
             * Asks
             * @description Asks up to that price
             */
            asks: number;
            /** @description What buying all of them would cost */
            amount: components["schemas"]["Money"];
        };
        /** HighBid */
        HighBid: {
            /** Punk Id */
            punk_id: number;
            price: components["schemas"]["Money"];
            /** Bidder */
            bidder: string | null;
            /**
             * Since
             * Format: date-time
             */
            since: string;
        };
        /**
         * MarketSeriesDocument
         * @description Days in order; those without anything to tell are there, too.
         */
        MarketSeriesDocument: {
            /** Start */
            start: string | null;
            /** End */
            end: string | null;
            /** Days */
            days: components["schemas"]["MarketDay"][];
            /** Degraded */
            degraded: string[];
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
            /** Eth Usd */
            eth_usd: number | null;
        };
        /** TraitsDocument */
        TraitsDocument: {
            /**
             * Age Seconds
             * @description Seconds since the generation's `as_of`
             */
            age_seconds: number;
            /**
             * Degraded
             * @description Empty when all is well; the header Punkcast-Degraded says the same
             */
            degraded: ("database_away" | "nowcast_stale" | "generation_refused")[];
            generation: components["schemas"]["GenerationDocument"];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /** Items */
            items: components["schemas"]["TraitEntry"][];
        };
        /**
         * Premium
         * @description What a trait adds, by the sales index: other traits held equal. Amounts in ETH for a common punk of today.
         */
        Premium: {
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
            /** Eth */
            eth: number;
            /** Lo80 Eth */
            lo80_eth: number;
            /** Hi80 Eth */
            hi80_eth: number;
        };
        /**
         * TraitEntry
         * @description A type, a skin, an accessory, or a number of accessories.
         */
        TraitEntry: {
            /**
             * Id
             * @example accessory:Hoodie
             */
            id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "type" | "skin" | "accessory" | "count";
            /**
             * Name
             * @example Hoodie
             */
            name: string;
            /**
             * Punks
             * @description How many have it
             */
            punks: number;
            /**
             * Listed
             * @description How many of them have a public ask
             */
            listed: number;
            /** @description The lowest of those asks */
            floor: components["schemas"]["FloorDocument"] | null;
            /**
             * Over Floor Eth
             * @description The trait's floor less the market's
             */
            over_floor_eth: number | null;
            /** @description Lowest value of a punk that has it */
            lowest_value: components["schemas"]["Money"];
            median_value: components["schemas"]["Money"];
            /**
             * Sales 365D
             * @description Valid sales in the year up to the last event
             */
            sales_365d: number;
            /** @description Null until the generation's explanation is there */
            premium: components["schemas"]["Premium"] | null;
        };
        /** TraitDocument */
        TraitDocument: {
            /**
             * Age Seconds
             * @description Seconds since the generation's `as_of`
             */
            age_seconds: number;
            /**
             * Degraded
             * @description Empty when all is well; the header Punkcast-Degraded says the same
             */
            degraded: ("database_away" | "nowcast_stale" | "generation_refused")[];
            generation: components["schemas"]["GenerationDocument"];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            trait: components["schemas"]["TraitEntry"];
            /**
             * Recent Sales
             * @description Newest first, up to twenty
             */
            recent_sales: components["schemas"]["TraitSale"][];
            /**
             * Lowest Asks
             * @description Up to twenty
             */
            lowest_asks: components["schemas"]["TraitAsk"][];
        };
        /** TraitAsk */
        TraitAsk: {
            /** Punk Id */
            punk_id: number;
            price: components["schemas"]["Money"];
            value: components["schemas"]["Money"];
            /**
             * Discount
             * @description 1 - ask / value
             */
            discount: number;
        };
        /**
         * TraitSale
         * @description A valid sale of a punk with the trait.
         */
        TraitSale: {
            /** Punk Id */
            punk_id: number;
            /**
             * Time
             * Format: date-time
             */
            time: string;
            price: components["schemas"]["Money"];
            /** @description The floor just before */
            floor: components["schemas"]["Money"];
            /**
             * At Todays Floor Eth
             * @description price / floor then * floor now
             */
            at_todays_floor_eth: number | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "buy" | "accept_bid";
        };
        /**
         * DealsDocument
         * @description Most probable first. All pages are of one generation and one state of the market.
         */
        DealsDocument: {
            /**
             * Age Seconds
             * @description Seconds since the generation's `as_of`
             */
            age_seconds: number;
            /**
             * Degraded
             * @description Empty when all is well; the header Punkcast-Degraded says the same
             */
            degraded: ("database_away" | "nowcast_stale" | "generation_refused")[];
            generation: components["schemas"]["GenerationDocument"];
            market_as_of: components["schemas"]["MarketAsOf"] | null;
            /** Fee Percent */
            fee_percent: number;
            /** Gas Eth */
            gas_eth: number;
            /** Min Probability */
            min_probability: number;
            prior: components["schemas"]["DealPrior"] | null;
            /** Items */
            items: components["schemas"]["Deal"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Deal
         * @description A public ask beside the value. `probability` and margins know that asks under their value were picked for it.
         */
        Deal: {
            /** Punk Id */
            punk_id: number;
            /** Type */
            type: string | null;
            ask: components["schemas"]["Ask"];
            value: components["schemas"]["Money"];
            lo80: components["schemas"]["Money"];
            hi80: components["schemas"]["Money"];
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
             * Probability
             * @description That the value exceeds the ask
             */
            probability: number;
            /**
             * Shrunk Value Eth
             * @description The value, shrunk towards what asks are usually worth
             */
            shrunk_value_eth: number;
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
         * FairPrice
         * @description Amounts in ETH.
         */
        FairPrice: {
            /** Id Punk */
            id_punk: number;
            /** Fair Price */
            fair_price: number;
            /**
             * Currency
             * @constant
             */
            currency: "ETH";
            /** Model */
            model: string;
            /** Generation */
            generation: number;
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Age Seconds */
            age_seconds: number;
        };
        /** FairPricePlus */
        FairPricePlus: {
            /** Id Punk */
            id_punk: number;
            /** Fair Price */
            fair_price: number;
            /**
             * Currency
             * @constant
             */
            currency: "ETH";
            /** Model */
            model: string;
            /** Generation */
            generation: number;
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Age Seconds */
            age_seconds: number;
            /**
             * Confidence
             * @enum {string}
             */
            confidence: "A" | "B" | "C" | "D";
            /**
             * Intervals
             * @description By coverage in percent
             */
            intervals: {
                [key: string]: components["schemas"]["PricedInterval"];
            };
            distribution: components["schemas"]["Distribution"];
        };
        /**
         * Distribution
         * @description Quantiles of the price of a valid sale now, by level; and the log-normal that fits the 80 % interval.
         */
        Distribution: {
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
            /** Log Mean */
            log_mean: number;
            /** Log Sd */
            log_sd: number;
        };
        /** PricedInterval */
        PricedInterval: {
            /** Low */
            low: number;
            /** High */
            high: number;
        };
        /**
         * TopDeals
         * @description Best first. Amounts in ETH.
         */
        TopDeals: {
            /** Deals */
            deals: components["schemas"]["TopDeal"][];
            /** Count */
            count: number;
            /** Delay Seconds */
            delay_seconds: number;
            /** Model */
            model: string;
            /** Generation */
            generation: number;
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /** Market As Of */
            market_as_of: string | null;
        };
        /** TopDeal */
        TopDeal: {
            /** Id Punk */
            id_punk: number;
            /** Type */
            type: string | null;
            /** Ask Price */
            ask_price: number;
            /** Fair Price */
            fair_price: number;
            /** Discount */
            discount: number;
            /** Probability */
            probability: number;
            /** Expected Profit */
            expected_profit: number;
        };
        /**
         * BacktestDocument
         * @description Strategy against passive on the platform's own record: only values that were published before.
         */
        BacktestDocument: {
            /** Backtest Id */
            backtest_id: string;
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
             * Last Day
             * Format: date
             */
            last_day: string;
            /**
             * Generations
             * @description Nowcasts that were played
             */
            generations: number;
            /**
             * Sales
             * @description Valid sales with a value published before them
             */
            sales: number;
            assumptions: components["schemas"]["Assumptions"];
            /** Books */
            books: components["schemas"]["Book"][];
            /**
             * Age Seconds
             * @description Since it was computed
             */
            age_seconds: number;
            /** Degraded */
            degraded: "database_away"[];
        };
        /**
         * Assumptions
         * @description What the books were played with.
         */
        Assumptions: {
            /**
             * Margin
             * @description An ask is bought when it is at most value x (1 - margin)
             */
            margin: number;
            /**
             * Latency Nowcasts
             * @description Nowcasts between the decision and the order's arrival
             */
            latency_nowcasts: number;
            /** @description Gas of a purchase */
            buy_gas: components["schemas"]["Money"];
            /** @description Gas of a sale */
            sell_gas: components["schemas"]["Money"];
            /**
             * Sell Fee
             * @description Share of the price that a sale costs; the contract takes none
             */
            sell_fee: number;
            capital: components["schemas"]["Money"];
            /**
             * Largest Position
             * @description Largest share of equity in one purchase
             */
            largest_position: number;
            /** Seed */
            seed: number;
            /**
             * Block Days
             * @description Length of a block of the bootstrap
             */
            block_days: number;
            /** Resamples */
            resamples: number;
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
            trades: components["schemas"]["TradeFigures"];
            /** Months */
            months: components["schemas"]["MonthReturn"][];
            first_equity: components["schemas"]["Money"];
            last_equity_bid: components["schemas"]["Money"];
            last_equity_value: components["schemas"]["Money"];
        };
        /**
         * Estimate
         * @description A figure with its 90 % interval (circular block bootstrap of days); null where too little happened to say.
         */
        Estimate: {
            /** Value */
            value: number | null;
            /** Lo */
            lo: number | null;
            /** Hi */
            hi: number | null;
        };
        /**
         * Figures
         * @description Of daily equity marked one way. Shares are fractions (0.05 is five percent).
         */
        Figures: {
            /**
             * Mark
             * @description Open positions at the best public bid, or at the published value
             * @enum {string}
             */
            mark: "bid" | "value";
            total_return: components["schemas"]["Estimate"];
            /** @description Compound, 365 days a year */
            annual_return: components["schemas"]["Estimate"];
            /** @description Of daily returns, times the root of 365 */
            volatility: components["schemas"]["Estimate"];
            /** @description Mean over deviation of daily returns, times the root of 365; no rate */
            sharpe: components["schemas"]["Estimate"];
            /** @description The same over the downside deviation from zero */
            sortino: components["schemas"]["Estimate"];
            /** @description Annual return over maximum drawdown */
            calmar: components["schemas"]["Estimate"];
            /** @description Largest fall from a peak, as a share of the peak */
            max_drawdown: components["schemas"]["Estimate"];
        };
        /** MonthReturn */
        MonthReturn: {
            /**
             * Month
             * @example 2025-03
             */
            month: string;
            /** Bid */
            bid: number | null;
            /** Value */
            value: number | null;
        };
        /**
         * TradeFigures
         * @description Of the trades that were closed.
         */
        TradeFigures: {
            /** Opened */
            opened: number;
            /** Closed */
            closed: number;
            /** Open At End */
            open_at_end: number;
            /** @description Share of closed trades with a gain after all costs */
            hit_rate: components["schemas"]["Estimate"];
            /** @description Mean gain over cost of closed trades */
            mean_return: components["schemas"]["Estimate"];
            /** Median Days Held */
            median_days_held: number | null;
            /**
             * Turnover
             * @description Bought and sold, over twice the mean equity, per year
             */
            turnover: number | null;
            /**
             * Invested Share
             * @description Mean share of equity in punks
             */
            invested_share: number | null;
            /**
             * Missed Fills
             * @description Asks that were gone when the order arrived
             */
            missed_fills: number;
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
             * Trade
             * @description Number within the book, by time of purchase
             */
            trade: number;
            /** Punk Id */
            punk_id: number;
            /**
             * Decided At
             * Format: date-time
             * @description As-of of the nowcast that the purchase was decided on
             */
            decided_at: string;
            /** Generation Id */
            generation_id: number | null;
            /** @description Published value at the decision */
            value: components["schemas"]["Money"];
            /**
             * Bought At
             * Format: date-time
             */
            bought_at: string;
            /** @description Price of the ask or the sale, before gas */
            bought_for: components["schemas"]["Money"];
            /**
             * Entry Event
             * @description Transaction and log index of the ask or sale
             * @example 0x…:12
             */
            entry_event: string;
            /** Sold At */
            sold_at: string | null;
            sold_for: components["schemas"]["Money"] | null;
            /** Exit Kind */
            exit_kind: ("buy" | "accept_bid") | null;
            /** Exit Event */
            exit_event: string | null;
            /** @description Gas and fees of both sides */
            costs: components["schemas"]["Money"];
            /**
             * Gain
             * @description After all costs, over what was paid; null while open
             */
            gain: number | null;
            /** @description Best public bid at the end, of an open position */
            mark_bid: components["schemas"]["Money"] | null;
            /** @description Published value at the end, of an open position */
            mark_value: components["schemas"]["Money"] | null;
        };
        /**
         * EquityDocument
         * @description Daily equity in ETH, one curve for each book asked for.
         */
        EquityDocument: {
            /** Backtest Id */
            backtest_id: string;
            /** Curves */
            curves: components["schemas"]["EquityCurve"][];
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
         * EquityPoint
         * @description At the end of a UTC day.
         */
        EquityPoint: {
            /**
             * Day
             * Format: date
             */
            day: string;
            /** Cash */
            cash: number;
            /** Positions Bid */
            positions_bid: number;
            /** Positions Value */
            positions_value: number;
            /** Equity Bid */
            equity_bid: number;
            /** Equity Value */
            equity_value: number;
            /**
             * Held
             * @description Punks held
             */
            held: number;
        };
        /**
         * Calibration
         * @description Reliability of the intervals over all sales of the horizon (`all`), or of one segment.
         */
        Calibration: {
            /**
             * Name
             * @example all
             * @example premium
             */
            name: string;
            /** Levels */
            levels: components["schemas"]["Coverage"][];
        };
        /**
         * Coverage
         * @description How often an interval held, with the 95 % interval of that share (Wilson).
         */
        Coverage: {
            /**
             * Level
             * @example 0.8
             */
            level: number;
            /** N */
            n: number;
            /** Covered */
            covered: number;
            /** Share */
            share: number | null;
            /** Lo */
            lo: number | null;
            /** Hi */
            hi: number | null;
        };
        /** OutcomePage */
        OutcomePage: {
            /** Items */
            items: components["schemas"]["Outcome"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * Outcome
         * @description A sale beside the last value published at least a horizon before it.
         */
        Outcome: {
            /** Event Seq */
            event_seq: number;
            /** Punk Id */
            punk_id: number;
            /** Type */
            type: string | null;
            /**
             * Sold At
             * Format: date-time
             */
            sold_at: string;
            /** Tx Hash */
            tx_hash: string;
            /** Log Index */
            log_index: number;
            /**
             * Kind
             * @enum {string}
             */
            kind: "buy" | "accept_bid";
            /**
             * Horizon
             * @enum {string}
             */
            horizon: "latest" | "24h" | "7d";
            /** Generation Id */
            generation_id: number;
            /**
             * Published At
             * Format: date-time
             */
            published_at: string;
            /** Model Id */
            model_id: string;
            price: components["schemas"]["Money"];
            value: components["schemas"]["Money"];
            /** @description Of the same generation */
            floor: components["schemas"]["Money"];
            /** @description Baseline: the punk's last valid sale known then, carried by the floor */
            last_sale: components["schemas"]["Money"] | null;
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
             * Valid
             * @description Counts for the scorecard; otherwise `exclusion` says why not
             */
            valid: boolean;
            /** Exclusion */
            exclusion: string | null;
        };
        /** LifecyclePage */
        LifecyclePage: {
            /** Items */
            items: components["schemas"]["LifecycleEvent"][];
            /** Next Cursor */
            next_cursor: string | null;
        };
        /**
         * LifecycleEvent
         * @description Something that happened to a model, or to what decides about models.
         */
        LifecycleEvent: {
            /**
             * Id
             * @description Stable, unique in the timeline
             * @example promoted:4711
             */
            id: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "training_requested" | "training_succeeded" | "training_failed" | "training_cancelled" | "contender_registered" | "gate_decided" | "shadow_started" | "shadow_ended" | "promoted" | "confirmed" | "rolled_back" | "operator_decided" | "frozen" | "unfrozen" | "alert";
            /**
             * Summary
             * @description One sentence for people
             */
            summary: string;
            /** Model Id */
            model_id: string | null;
            /**
             * Other Model Id
             * @description The champion before, or the one compared with
             */
            other_model_id: string | null;
            /** Decision Id */
            decision_id: string | null;
            /** Request Id */
            request_id: string | null;
            /** Actor */
            actor: string | null;
            /** Verdict */
            verdict: string | null;
            /** Severity */
            severity: ("info" | "warning" | "critical") | null;
        };
        /**
         * EValueList
         * @description Newest first.
         */
        EValueList: {
            /** Items */
            items: components["schemas"]["EValuePath"][];
        };
        /**
         * EValuePath
         * @description One sequential test: a promoted model against its predecessor, or a shadow against the champion.
         */
        EValuePath: {
            /** Test Id */
            test_id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "promotion" | "shadow";
            /** Model Id */
            model_id: string;
            /** Other Model Id */
            other_model_id: string | null;
            /**
             * State
             * @description Of the promotion (warm_up, watching, confirmed, …) or of the shadow
             */
            state: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Ended At */
            ended_at: string | null;
            /**
             * Threshold
             * @description At this E-value the test ends by itself
             * @example 20
             */
            threshold: number;
            /**
             * Steps
             * @description Steps taken; `points` thins them to at most `max_points`
             */
            steps: number;
            /** Points */
            points: components["schemas"]["EValuePoint"][];
        };
        /**
         * EValuePoint
         * @description After one step: all sales of one transaction.
         */
        EValuePoint: {
            /** Step */
            step: number;
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
             * E Worse
             * @description Evidence that it is worse than the other
             */
            e_worse: number;
            /**
             * E Better
             * @description Evidence that it is better, or not worse by the margin (shadows)
             */
            e_better: number;
        };
        /**
         * ActDocument
         * @description What was decided and what became of it.
         */
        ActDocument: {
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /**
             * Act
             * @enum {string}
             */
            act: "promote" | "rollback" | "quarantine";
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
            /** Actor */
            actor: string;
            /** Reason */
            reason: string;
            /**
             * Decided At
             * Format: date-time
             */
            decided_at: string;
        };
        /** FreezeList */
        FreezeList: {
            /** Items */
            items: components["schemas"]["FreezeDocument"][];
        };
        /** FreezeDocument */
        FreezeDocument: {
            /**
             * Freeze Id
             * Format: uuid
             */
            freeze_id: string;
            /** Actor */
            actor: string;
            /** Reason */
            reason: string;
            /**
             * Starts At
             * Format: date-time
             */
            starts_at: string;
            /** Expires At */
            expires_at: string | null;
            /** Lifted At */
            lifted_at: string | null;
            /** Lifted By */
            lifted_by: string | null;
            /** In Force */
            in_force: boolean;
        };
        /** WebhookList */
        WebhookList: {
            /** Items */
            items: components["schemas"]["WebhookDocument"][];
        };
        /**
         * WebhookDocument
         * @description A subscription; the path of its URL may be a password and is shown to the key that made it alone.
         */
        WebhookDocument: {
            /**
             * Webhook Id
             * Format: uuid
             */
            webhook_id: string;
            /** Url */
            url: string;
            /** Events */
            events: ("deal.found" | "sale.scored" | "model.promoted" | "model.rolled_back")[];
            /** Deal Margin */
            deal_margin: number;
            /** Description */
            description: string;
            /**
             * State
             * @description disabled: after repeated failure
             * @enum {string}
             */
            state: "active" | "disabled";
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Failing Since */
            failing_since: string | null;
            /**
             * Failures
             * @description In a row
             */
            failures: number;
            /**
             * Last Status
             * @description Status of the last answer; null: none yet, or no answer
             */
            last_status: number | null;
            /** Last Delivered At */
            last_delivered_at: string | null;
            /** Disabled Reason */
            disabled_reason: string | null;
        };
        /**
         * GenerationEvent
         * @description A new nowcast is being served.
         */
        GenerationEvent: {
            /** Generation Id */
            generation_id: number;
            /** Model Id */
            model_id: string;
            /**
             * As Of
             * Format: date-time
             */
            as_of: string;
            /**
             * Published At
             * Format: date-time
             */
            published_at: string;
        };
        /**
         * SaleScoredEvent
         * @description A valid sale met the value published before it.
         */
        SaleScoredEvent: {
            /** Event Seq */
            event_seq: number;
            /** Punk Id */
            punk_id: number;
            /**
             * Sold At
             * Format: date-time
             */
            sold_at: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "buy" | "accept_bid";
            price: components["schemas"]["Money"];
            value: components["schemas"]["Money"];
            floor: components["schemas"]["Money"];
            /** Generation Id */
            generation_id: number;
            /** Model Id */
            model_id: string;
            /**
             * In90
             * @description The price lies in the 90 % interval
             */
            in90: boolean;
        };
        /**
         * PointerEvent
         * @description The model pointer moved: a promotion or a rollback.
         */
        PointerEvent: {
            /** Pointer Generation */
            pointer_generation: number;
            /**
             * Model Id
             * @description The champion from now on
             */
            model_id: string;
            /** Previous Model Id */
            previous_model_id: string | null;
            /**
             * Decision Id
             * Format: uuid
             */
            decision_id: string;
            /**
             * Moved At
             * Format: date-time
             */
            moved_at: string;
            /** Reason */
            reason: string;
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
             * Reason
             * @description Kept with the decision
             */
            reason: string;
            /**
             * Expected Generation
             * @description Of the model pointer: refused when it has moved since; default: now
             * @default null
             */
            expected_generation?: number | null;
        };
        /**
         * RollbackOrder
         * @example {
         *       "reason": "the watch is quiet"
         *     }
         */
        RollbackOrder: {
            /**
             * Reason
             * @description Kept with the decision
             */
            reason: string;
            /**
             * Expected Generation
             * @description Of the model pointer: refused when it has moved since; default: now
             * @default null
             */
            expected_generation?: number | null;
            /**
             * To
             * @description A retired model; default: the champion before
             * @default null
             */
            to?: string | null;
        };
        /**
         * FreezeOrder
         * @description Stop automatic promotions.
         * @example {
         *       "reason": "a node reports old blocks"
         *     }
         */
        FreezeOrder: {
            /** Reason */
            reason: string;
            /**
             * Expires At
             * @description Default: until a person lifts it
             * @default null
             */
            expires_at?: string | null;
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
             * Url
             * @description https, reachable from the internet; redirects are not followed
             */
            url: string;
            /** Events */
            events: ("deal.found" | "sale.scored" | "model.promoted" | "model.rolled_back")[];
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
        };
        /** CreatedWebhook */
        CreatedWebhook: {
            /**
             * Webhook Id
             * Format: uuid
             */
            webhook_id: string;
            /** Url */
            url: string;
            /** Events */
            events: ("deal.found" | "sale.scored" | "model.promoted" | "model.rolled_back")[];
            /** Deal Margin */
            deal_margin: number;
            /** Description */
            description: string;
            /**
             * State
             * @description disabled: after repeated failure
             * @enum {string}
             */
            state: "active" | "disabled";
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Failing Since */
            failing_since: string | null;
            /**
             * Failures
             * @description In a row
             */
            failures: number;
            /**
             * Last Status
             * @description Status of the last answer; null: none yet, or no answer
             */
            last_status: number | null;
            /** Last Delivered At */
            last_delivered_at: string | null;
            /** Disabled Reason */
            disabled_reason: string | null;
            /**
             * Secret
             * @description Shown once. Signs every delivery
             * @example whsec_…
             */
            secret: string;
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
    get_punk: {
        parameters: {
            query?: never;
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
            /** @description Unprocessable Entity */
            422: {
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
    list_punks: {
        parameters: {
            query?: {
                type?: string | null;
                /** @description Repeat it: a punk must have all of them */
                trait?: string[] | null;
                trait_count?: number | null;
                /** @description ETH, inclusive */
                min_value?: number | null;
                /** @description ETH, inclusive */
                max_value?: number | null;
                sort?: "value" | "punk_id";
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
                    "application/json": components["schemas"]["NowcastDocument"];
                };
            };
            /** @description The copy you have still holds */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
                    "text/plain": string;
                    "text/markdown": unknown;
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
                    "application/json": components["schemas"]["LineageDocument"];
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
                /** @description Those that ended, too */
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
                    "application/json": components["schemas"]["ShadowList"];
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
                    "application/json": components["schemas"]["ModelPage"];
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
                    "application/json": components["schemas"]["DecisionPage"];
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
    list_training_requests: {
        parameters: {
            query?: {
                status?: ("queued" | "running" | "succeeded" | "failed" | "cancelled") | null;
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
                    "application/json": components["schemas"]["TrainingRequestPage"];
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
                /** @description Any text of yours, new for each new request. With it, sending twice asks once. */
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
                    "application/json": components["schemas"]["AcceptedRequest"];
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
                    "application/json": components["schemas"]["TrainingRequestDocument"];
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
        };
    };
    get_v1_punks_columns: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ColumnsDocument"];
                };
            };
        };
    };
    get_v1_punks_punk_id_history: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                punk_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryDocument"];
                };
            };
        };
    };
    get_v1_nowcasts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GenerationPage"];
                };
            };
        };
    };
    get_v1_nowcasts_current: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NowcastDocument"];
                };
            };
        };
    };
    get_v1_nowcasts_generation_id_: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                generation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NowcastDocument"];
                };
            };
        };
    };
    get_v1_nowcasts_generation_id_proof_punk_id_: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                generation_id: string;
                punk_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProofDocument"];
                };
            };
        };
    };
    get_v1_market_series: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MarketSeriesDocument"];
                };
            };
        };
    };
    get_v1_traits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraitsDocument"];
                };
            };
        };
    };
    get_v1_traits_name_: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraitDocument"];
                };
            };
        };
    };
    get_v1_deals: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DealsDocument"];
                };
            };
        };
    };
    get_v1_backtest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BacktestDocument"];
                };
            };
        };
    };
    get_v1_backtest_trades: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BacktestTradePage"];
                };
            };
        };
    };
    get_v1_backtest_equity: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EquityDocument"];
                };
            };
        };
    };
    get_v1_outcomes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutcomePage"];
                };
            };
        };
    };
    get_v1_lifecycle: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LifecyclePage"];
                };
            };
        };
    };
    get_v1_lifecycle_evalue: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EValueList"];
                };
            };
        };
    };
    get_v1_freezes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FreezeList"];
                };
            };
        };
    };
    get_v1_webhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description ok */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookList"];
                };
            };
        };
    };
}
