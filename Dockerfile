# The application; the broker and the database are images of their own (docker-compose.yml).
FROM python:3.13-slim AS build
WORKDIR /app
RUN pip install --no-cache-dir uv
COPY pyproject.toml uv.lock README.md ./
COPY guichet guichet
COPY domain domain
COPY projections projections
COPY adapters adapters
RUN uv sync --frozen --no-default-groups --no-editable

FROM python:3.13-slim
RUN useradd --system --home /data guichet && mkdir /data && chown guichet /data
COPY --from=build /app/.venv /app/.venv
ENV PATH=/app/.venv/bin:$PATH GUICHET_DATA=/data PYTHONUNBUFFERED=1
USER guichet
ENTRYPOINT ["guichet"]
