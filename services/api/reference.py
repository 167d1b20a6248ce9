"""`/docs`: the interactive reference, from files of this process. It works offline, and where keys are typed no code of
another origin runs."""

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html

router = APIRouter(include_in_schema=False)
_FILES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-32x32.png": "image/png",
}


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Swagger UI over this gateway's own document."""
    root = request.scope.get("root_path", "")
    script, style, icon = (f"{root}/docs/{name}" for name in _FILES)
    page = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=f"{request.app.title}: API",
        swagger_js_url=script,
        swagger_css_url=style,
        swagger_favicon_url=icon,
    )
    inline = re.findall(rb"<script>(.*?)</script>", bytes(page.body), re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(sha256(text).digest()).decode()}'" for text in inline)
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page


def _file(name: str) -> Callable[[], Response]:
    def answer() -> Response:
        body = (files("fastapi_swagger.resources") / name).read_bytes()
        return Response(body, media_type=_FILES[name], headers={"Cache-Control": "public, max-age=86400"})

    return answer


for _name in _FILES:
    router.add_api_route(f"/docs/{_name}", _file(_name), methods=["GET"])
