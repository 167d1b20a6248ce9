# Builds every service: `docker build --build-arg SERVICE=nowcaster -t punkcast/nowcaster .`
# SERVICE names a package under services/ and the extra of pyproject.toml to install; no other extra is installed.
ARG BASE_IMAGE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
ARG SERVICE
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/punkcast \
    UV_PYTHON=python3 \
    UV_PYTHON_DOWNLOADS=never
RUN test -n "$SERVICE" || { echo "set the service: --build-arg SERVICE=api" >&2; exit 1; }
# uv comes from the package index, so that a build needs no other registry.
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir "uv==$UV_VERSION"
WORKDIR /src
# Dependencies change less often than code: all builds of one lock file and service share this layer.
COPY pyproject.toml uv.lock ./
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-install-project --extra "$SERVICE"
COPY README.md LICENSE* ./
COPY shared shared
COPY services services
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-editable --extra "$SERVICE"

FROM ${BASE_IMAGE}
ARG SERVICE
# The commit in the lineage of models; without it, a hash of the sources takes its place.
ARG GIT_SHA=
LABEL org.opencontainers.image.title="punkcast-${SERVICE}" \
      org.opencontainers.image.revision="${GIT_SHA}" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin punkcast \
    && install -d -o punkcast -g punkcast /var/lib/punkcast
COPY --from=build /opt/punkcast /opt/punkcast
ENV PATH=/opt/punkcast/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SERVICE=${SERVICE} \
    PUNKCAST_GIT_SHA=${GIT_SHA} \
    PUNKCAST_HOME=/var/lib/punkcast \
    PUNKCAST_HOST=0.0.0.0 \
    PUNKCAST_API_PORT=8000 \
    PUNKCAST_PROBE_PORT=8081 \
    PUNKCAST_LOG_FORMAT=json
WORKDIR /var/lib/punkcast
USER 10001:10001
EXPOSE 8000 8081
STOPSIGNAL SIGTERM
# The gateway answers probes on the API's port, a worker on the probe port.
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; port = os.environ['PUNKCAST_API_PORT' if os.environ['SERVICE'] == 'api' else 'PUNKCAST_PROBE_PORT']; urllib.request.urlopen(f'http://127.0.0.1:{port}/readyz', timeout=3)"]
# exec replaces the shell, so the service receives SIGTERM.
ENTRYPOINT ["sh", "-c", "exec python -m \"services.$SERVICE\" \"$@\"", "punkcast"]
