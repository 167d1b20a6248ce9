"""Every type of problem: its title, and what a client does about it. `docs/api.md` lists them."""

TITLES_AND_STEPS: dict[str, tuple[str, str]] = {
    "bad-request": (
        "The request cannot be understood",
        "Correct the request as the detail says; /docs shows the shapes.",
    ),
    "invalid-input": (
        "The request breaks a rule",
        "Correct the places named in the detail; /docs shows the shapes.",
    ),
    "bad-cursor": (
        "The cursor does not fit the request",
        "Start again without `cursor`, or pass `next_cursor` unchanged with the same filters.",
    ),
    "generation-gone": (
        "That generation is no longer kept",
        "Start again without `cursor`, or ask for /v1/nowcasts/current.",
    ),
    "not-found": (
        "There is no such thing",
        "Check the id; the list routes under /v1 name what exists.",
    ),
    "no-generation": (
        "No nowcast has been published yet",
        "Try again after the time in Retry-After; GET /v1/status shows how far the platform is. Values "
        "appear once market events are imported, a first model is promoted, and a nowcast tick has run.",
    ),
    "unavailable": (
        "A part of the platform is away",
        "Try again after the time in Retry-After; /v1/punks and /v1/nowcasts/current keep answering meanwhile.",
    ),
    "busy": (
        "As many as possible are being served",
        "Try again after the time in Retry-After, or ask another replica.",
    ),
    "rate-limited": (
        "Too many requests",
        "Wait for Retry-After seconds; the headers RateLimit-Policy and RateLimit say what is left.",
    ),
    "unauthorized": (
        "An API key is needed",
        "Send `Authorization: Bearer <key>` or `X-API-Key: <key>`; an operator creates keys with "
        "`punkcast keys create`.",
    ),
    "forbidden": (
        "The API key lacks the scope",
        "Ask an operator for a key with the scope named in the detail.",
    ),
    "conflict": ("The world moved on", "Read the resource again and decide anew."),
    "idempotency-conflict": (
        "The Idempotency-Key was used for another request",
        "Send the original body again to get its answer, or use a new key for a new request.",
    ),
    "method-not-allowed": (
        "The method is not allowed here",
        "Use one of the methods in the Allow header; /docs lists them.",
    ),
    "not-acceptable": (
        "None of our formats is accepted",
        "Accept one of the types named in the detail, or say `?format=json`.",
    ),
    "payload-too-large": (
        "The body is too large",
        "Send a smaller body; every request of this API fits easily.",
    ),
    "integrity": (
        "Stored data contradicts itself",
        "Nothing to change in the request; tell the operator, whose logs name the record.",
    ),
    "internal": (
        "Something broke on our side",
        "Try again; when it persists, tell the operator the time and path: the logs have the rest.",
    ),
}

SLUG_OF_STATUS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "payload-too-large",
    422: "invalid-input",
    429: "rate-limited",
}
