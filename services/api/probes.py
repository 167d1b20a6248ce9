"""Liveness, readiness and metrics; not part of the versioned API."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from services.api.gateway import gateway_of
from services.api.problems import problem_response
from services.api.view.current import FLAGS

router = APIRouter(include_in_schema=False)


@router.get("/livez")
async def livez() -> Response:
    """The event loop is running."""
    return Response(b"ok\n", media_type="text/plain")


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Ready once the gateway has values, or knows that none exist. It stays ready during an outage of the database,
    because it still answers."""
    current = gateway_of(request).current
    if current.view is None and not gateway_of(request).follower.looked:
        return problem_response(
            request.url.path, slug="unavailable", status=503, detail="The database has not been reached yet."
        )
    return Response(b"ok\n", media_type="text/plain")


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    gateway = gateway_of(request)
    current, shown = gateway.current, gateway.current.view
    age = current.age_seconds(shown.generation.record.as_of) if shown else 0
    flags = current.flags(age)
    gateway.metrics.age.set(age)
    for flag in FLAGS:
        gateway.metrics.degraded.labels(flag).set(flag in flags)
    return Response(gateway.metrics.exposition(), headers={"content-type": CONTENT_TYPE_LATEST})
