"""Subscriptions to events."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, computed_field, model_validator

from services.api.schemas import Strict
from shared.contracts.texts import plain
from shared.webhooks.filters import DealFilters

WebhookEvent = Literal["deal.found", "deal.gone", "sale.scored", "model.promoted", "model.rolled_back"]


class WebhookOrder(Strict):
    """Where to post, and what."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.org/hooks/punks", "events": ["sale.scored"]}]}
    )

    url: Annotated[
        str,
        StringConstraints(min_length=8, max_length=2000, pattern=r"^https?://[^\x00-\x20]+$"),
        AfterValidator(plain),
        Field(description="https on port 443 or 8443, reachable from the internet; redirects are not followed"),
    ]
    events: Annotated[list[WebhookEvent], Field(min_length=1, max_length=5)]
    deal_margin: Annotated[
        float, Field(ge=0.0, le=0.95, description="deal.found: ask at most value x (1 - margin)")
    ] = 0.1
    filters: Annotated[DealFilters, Field(description="deal.found: what a deal must be besides")] = DealFilters()
    description: Annotated[
        str,
        StringConstraints(max_length=200, pattern=r"^[^\x00]*$"),
        AfterValidator(plain),
        Field(description="For your own list"),
    ] = ""

    @model_validator(mode="after")
    def _gone_needs_found(self) -> Self:
        if "deal.gone" in self.events and "deal.found" not in self.events:
            raise ValueError("deal.gone follows deal.found, so subscribe to both")
        return self


class WebhookDocument(Strict):
    """A subscription, seen by its key and the operator alone. The settings alone create one to `alert.raised`."""

    webhook_id: UUID
    url: str
    events: list[Literal[WebhookEvent, "alert.raised"]]
    deal_margin: float
    filters: DealFilters
    description: str
    state: Annotated[
        Literal["pending", "active", "disabled"],
        Field(
            description="pending: the URL has not answered a challenge yet; "
            "disabled: after repeated failure, or with its key"
        ),
    ]
    created_at: datetime
    failing_since: datetime | None
    failures: Annotated[int, Field(description="In a row")]
    last_status: Annotated[int | None, Field(description="Status of the last answer; null: none yet, or no answer")]
    last_delivered_at: datetime | None
    disabled_reason: str | None
    dropped: Annotated[int, Field(description="Deliveries that were dropped because too many waited")]

    @computed_field(description="What its owner has to do until it is active")  # type: ignore[prop-decorator]
    @property
    def next_step(self) -> str | None:
        match self.state:
            case "pending":
                return "Let the url answer the event webhook.challenge: status 2xx and its data.challenge in the body."
            case "disabled":
                return f"Repair the receiver, then POST /v1/webhooks/{self.webhook_id}/enable; a challenge will follow."
            case "active":
                return None


class CreatedWebhook(WebhookDocument):
    secret: Annotated[str, Field(description="Shown once. Signs every delivery", examples=["whsec_…"])]


class WebhookList(Strict):
    items: list[WebhookDocument]
