"""Every problem type: its status, its title, and what a client does about it. `docs/problems.md` lists them."""

from typing import Final, NamedTuple


class ProblemType(NamedTuple):
    """`retry`: the same request may succeed later."""

    status: int
    title: str
    next_step: str
    retry: bool = False


PROBLEM_TYPES: Final[dict[str, ProblemType]] = {
    "bad-request": ProblemType(
        400, "The request cannot be understood", "Correct the request as the detail says; /docs has the schemas."
    ),
    "invalid-input": ProblemType(
        422, "The request is invalid", "Correct the fields named in the detail; /docs has the schemas."
    ),
    "bad-cursor": ProblemType(
        400,
        "The cursor does not match the request",
        "Start again without `cursor`, or pass `next_cursor` unchanged with the same filters.",
    ),
    "generation-gone": ProblemType(
        410, "That generation is no longer stored", "Start again without `cursor`, or request /v1/nowcasts/current."
    ),
    "not-found": ProblemType(404, "Not found", "Check the id; the list routes under /v1 show what exists."),
    "no-generation": ProblemType(
        503,
        "No nowcast has been published yet",
        "Try again after the time in Retry-After; GET /v1/status shows the progress. Values appear once "
        "market events are imported, a first model is promoted, and a nowcast tick has run.",
        retry=True,
    ),
    "unavailable": ProblemType(
        503,
        "Part of the platform is unavailable",
        "Try again after the time in Retry-After; /v1/punks and /v1/nowcasts/current keep working meanwhile.",
        retry=True,
    ),
    "timeout": ProblemType(
        503,
        "The request took too long",
        "Try again after the time in Retry-After, or ask for less: a shorter span, a smaller page.",
        retry=True,
    ),
    "busy": ProblemType(
        503,
        "Too many requests in progress",
        "Try again after the time in Retry-After, or use another replica.",
        retry=True,
    ),
    "rate-limited": ProblemType(
        429,
        "Too many requests",
        "Wait for Retry-After seconds; the RateLimit-Policy and RateLimit headers show the remaining quota.",
        retry=True,
    ),
    "too-many-open": ProblemType(
        429,
        "Too many open requests",
        "Wait until one of the open requests has ended, or cancel one; GET /v1/training-requests lists them.",
        retry=True,
    ),
    "unauthorized": ProblemType(
        401,
        "An API key is required",
        "Send `Authorization: Bearer <key>` or `X-API-Key: <key>`; an operator creates keys with "
        "`punkcast keys create`.",
    ),
    "forbidden": ProblemType(
        403, "The API key lacks the required scope", "Ask an operator for a key with the scope named in the detail."
    ),
    "gateway-not-allowed": ProblemType(
        403,
        "This gateway may not do that",
        "Use the command line, or a gateway that was given PUNKCAST_OPERATOR_DATABASE_URL.",
    ),
    "conflict": ProblemType(409, "Conflict with the current state", "Read the resource again before you retry."),
    "idempotency-conflict": ProblemType(
        409,
        "The Idempotency-Key was used for another request",
        "Send the original body again to get its response, or use a new key for a new request.",
    ),
    "method-not-allowed": ProblemType(
        405, "The method is not allowed here", "Use one of the methods in the Allow header; /docs lists them."
    ),
    "not-acceptable": ProblemType(
        406, "No acceptable response format", "Accept one of the types named in the detail, or pass `?format=json`."
    ),
    "payload-too-large": ProblemType(
        413, "The body is too large", "Send a smaller body; no request of this API needs more."
    ),
    "request-timeout": ProblemType(
        408,
        "The request did not arrive in time",
        "Send the whole request at once, on a new connection.",
        retry=True,
    ),
    "uri-too-long": ProblemType(
        414, "The URL is too long", "Shorten the URL; no route of this API needs more than a few hundred characters."
    ),
    "headers-too-large": ProblemType(
        431, "The headers are too large", "Send fewer or shorter headers, such as cookies, on a new connection."
    ),
    "integrity": ProblemType(
        500,
        "Stored data is inconsistent",
        "The request is not at fault; tell the operator, whose logs name the record.",
    ),
    "internal": ProblemType(
        500,
        "Internal error",
        "Try again. If the error persists, tell the operator the time and path; the logs have the details.",
        retry=True,
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
