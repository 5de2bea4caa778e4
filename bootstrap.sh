# Shared by ./run and ./test: makes .venv with the locked dependencies, and nothing else.
# Sets BIN, the folder of the environment's commands. The work itself is in bootstrap.py; here is
# what must be known before there is a Python, and the shortcut of every later start.

fail() { printf '%s\n' "$*" >&2; exit 1; }

# The first Python that is new enough and can make an environment, in PYTHON. One that cannot
# does not end the search: a system often has several.
find_python() {
    PYTHON='' new_enough=''
    old_ifs=$IFS
    IFS=:
    set -f
    for name in ${GUICHET_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        for folder in $PATH; do
            case $name in */*) candidate=$name ;; *) candidate=${folder:-.}/$name ;; esac
            [ -x "$candidate" ] && [ ! -d "$candidate" ] || continue
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
                continue
            new_enough=$candidate
            "$candidate" -c 'import ensurepip, venv' 2>/dev/null || continue
            PYTHON=$candidate
            break 2
        done
    done
    set +f
    IFS=$old_ifs
    [ -z "$PYTHON" ] || return 0
    [ -z "$new_enough" ] ||
        fail "Ce Python ($new_enough) n'a pas ensurepip : installez le paquet python3-venv."
    fail "Guichet demande Python 3.11 ou plus récent, introuvable ici."
}

# environment dev | environment run: .venv brought to what uv.lock says, unless it is there.
environment() {
    BIN="$PWD/.venv/bin"
    if { printf '%s\n' "$PWD"; cat uv.lock pyproject.toml; } |
        cmp -s - ".venv/guichet-$1.lock" && "$BIN/python" -c '' 2>/dev/null; then
        return 0
    fi
    find_python
    # In the background, because a shell that waits in the foreground would die of a signal and
    # leave the installation running.
    "$PYTHON" bootstrap.py "$1" &
    child=$!
    trap 'kill "$child" 2>/dev/null || :; wait "$child" || :; exit 130' INT TERM HUP
    wait "$child" || exit $?
    trap - INT TERM HUP
}
