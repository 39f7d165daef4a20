# What the scripts beside this file share. Source it; it runs nothing.

# section KEY: the lines of a table of Cargo.toml, such as [features].
section() {
    awk -v header="[$1]" '$0 == header { on = 1; next } /^\[/ { on = 0 } on' Cargo.toml
}

# cannot WHAT: what a step needs is not to be had. A laptop goes on without; CI does not.
cannot() {
    if [[ ${CI:-} == true ]]; then
        echo "error: $1" >&2
        exit 1
    fi
    echo "SKIPPED: $1"
    exit 0
}

# need COMMAND [PACKAGE]: there is such a command from here on, by Debian's package of that name if it has to be installed.
need() {
    command -v "$1" >/dev/null && return
    { [[ $(id -u) -eq 0 ]] && command -v apt-get && apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${2:-$1}"; } >&2 ||
        cannot "$1 is not installed, and cannot be installed here"
}

# scratch: sets `scratch` to a directory that is gone when the script ends.
scratch() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
}

# target_dir: where cargo builds, for packages outside of this one that shall share what is built already.
target_dir() {
    cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}

# under_loom: what is built from now on has loom's locks, atomics and threads, beside what is built without them. Models
# run in release, but with the assertions and overflow checks of a debug build: a count that wraps is a fault too.
under_loom() {
    CARGO_TARGET_DIR=$(target_dir)/loom
    RUSTFLAGS="${RUSTFLAGS:-} --cfg tickwheel_loom"
    CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true
    export CARGO_TARGET_DIR RUSTFLAGS CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS
}
