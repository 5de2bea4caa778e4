# Shared by ./run and ./test: makes .venv with the locked dependencies, and nothing else.
# Sets BIN, the folder of the environment's commands.

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

find_python() {
    for name in ${GUICHET_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

# environment dev | environment run: .venv brought to what uv.lock says. What another command of
# the project has put there stays (--inexact); nothing is done when the lock has not changed.
environment() {
    BIN="$PWD/.venv/bin"
    PYTHON=$(find_python) || fail "Guichet demande Python 3.11 ou plus récent, introuvable ici."
    export UV_SYSTEM_CERTS=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT="$PWD/.venv"
    if ! "$BIN/python" -c '' 2>/dev/null; then
        "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
            fail "Ce Python ($PYTHON) n'a pas ensurepip : installez le paquet python3-venv."
        say "Création de l'environnement (.venv)…"
        "$PYTHON" -m venv --clear .venv || fail "L'environnement .venv n'a pas pu être créé."
    fi
    if [ ! -x "$BIN/uv" ]; then
        "$BIN/python" -m pip install --quiet --disable-pip-version-check uv ||
            fail "uv n'a pas pu être installé depuis l'index de paquets."
    fi
    stamp="$PWD/.venv/guichet-$1.lock"
    if ! cat uv.lock pyproject.toml | cmp -s - "$stamp"; then
        groups="--no-default-groups"
        [ "$1" = dev ] && groups="--group dev"
        say "Installation des dépendances verrouillées…"
        # shellcheck disable=SC2086
        "$BIN/uv" sync --quiet --frozen --inexact $groups ||
            fail "Les dépendances verrouillées n'ont pas pu être installées."
        cat uv.lock pyproject.toml > "$stamp"
    fi
}
