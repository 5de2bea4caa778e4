# Every check, as the forge runs it
test *args:
    ./test {{args}}

# Start Guichet with its demonstration
run *args:
    ./run {{args}}

# Format and repair what can be repaired
format:
    .venv/bin/ruff format . && .venv/bin/ruff check --fix .

# Only the rules of the town hall, in half a second
rules:
    .venv/bin/python -m pytest tests/domain

# Guichet beside its floor, in five minutes at most
bench:
    .venv/bin/guichet bench --quick

# Lock the dependencies anew
lock:
    UV_SYSTEM_CERTS=1 .venv/bin/uv lock --upgrade
